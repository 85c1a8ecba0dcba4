import type { Api } from "../moving/api.ts";
import type { FinishedExport } from "../moving/finished-export.ts";
import type { Progress } from "../moving/progress.ts";
import type { ImportJournal } from "./journal.ts";

/** What every stage of an import has at hand. */
export interface Job {
  source: FinishedExport;
  api: Api;
  journal: ImportJournal;
  progress: Progress;
}
