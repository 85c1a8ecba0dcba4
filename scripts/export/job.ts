import type { Progress } from "../moving/progress.ts";
import type { ExportFolder } from "./folder.ts";
import type { Source } from "./source.ts";

/** What every stage of an export has at hand. */
export interface Job {
  source: Source;
  folder: ExportFolder;
  progress: Progress;
  /** What an export of changes leaves out; undefined in an export of everything. */
  since: Since | undefined;
}

export interface Since {
  /** The earlier export's folder. */
  folder: string;
  /** When it began, as ISO 8601. */
  startedAt: string;
  /** What its manifest has: up to when it has all messages (ms). */
  messagesUntil: number | null;
  /** Messages sent before are left out (ms). */
  messagesFrom: number;
  /** Rows last changed before are left out, as ISO 8601. */
  rowsFrom: string;
}
