import * as v from "valibot";
import { Refused } from "../moving/failures.ts";
import type { Job } from "./job.ts";

const STAGE = "schemas";

const Schemas = v.record(v.string(), v.unknown());

/** The columns of every class. Returns the names of the classes; none where the server does not tell. */
export async function exportSchemas({ source, folder }: Job): Promise<string[]> {
  const begun = folder.stage(STAGE);
  if (!begun?.done) {
    try {
      const answer = v.safeParse(Schemas, (await source.get("/1.1/schemas")).value);
      const classes = answer.success ? Object.entries(answer.output) : [];
      const rows = classes.map(([name, columns]) => ({ text: JSON.stringify({ class: name, columns }) }));
      await folder.commit(STAGE, { batches: [{ kind: STAGE, rows }], done: true });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await folder.commit(STAGE, { done: true, skipped: [{ what: STAGE, why: error.message, count: 1 }] });
    }
  }
  const names: string[] = [];
  for await (const text of folder.rows(STAGE)) names.push(v.parse(Row, JSON.parse(text)).class);
  // Names become parts of paths.
  return names.filter((name) => /^[A-Za-z_]\w*$/.test(name));
}

const Row = v.object({ class: v.string() });
