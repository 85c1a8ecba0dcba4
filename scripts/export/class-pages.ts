import * as v from "valibot";
import { Refused } from "../moving/failures.ts";
import type { Query, Source } from "./source.ts";

/** A page of a class's rows, as they were written. */
export interface ClassPage {
  rows: string[];
  /** Where a scan goes on; undefined at its end. */
  cursor: string | undefined;
}

const Page = v.object({ results: v.array(v.unknown()), cursor: v.nullish(v.string()) });
const Count = v.object({ count: v.pipe(v.number(), v.safeInteger()) });

/** Counting a large class may take a server too long, each time. */
const COUNT_ATTEMPTS = 4;

/** Classes that can be queried at more than one address. */
const PATHS: Record<string, string[]> = {
  _File: ["/1.1/classes/files", "/1.1/classes/_File"],
  _User: ["/1.1/classes/_User", "/1.1/users"],
  _Installation: ["/1.1/classes/_Installation", "/1.1/installations"],
};

/** Where a class's rows can be queried, the best first. */
export function queryPaths(name: string): string[] {
  return PATHS[name] ?? [`/1.1/classes/${name}`];
}

/** Throws `Refused`, also for an answer that is no page of rows. */
export async function readPage(
  source: Source,
  path: string,
  conditions: object,
  query: Query,
): Promise<ClassPage> {
  const { value, rows } = await source.page(path, { where: textOf(conditions), ...query });
  const page = v.safeParse(Page, value);
  if (!page.success) throw new Refused(path, 200, { code: undefined, error: "no page of rows" });
  return { rows, cursor: page.output.cursor ?? undefined };
}

/** How many rows a class has, as the server counts; undefined if it does not. */
export async function countRows(
  source: Source,
  name: string,
  conditions: object,
): Promise<number | undefined> {
  for (const path of queryPaths(name)) {
    try {
      const query = { count: 1, limit: 0, where: textOf(conditions) };
      const { value } = await source.get(path, query, COUNT_ATTEMPTS);
      const answer = v.safeParse(Count, value);
      if (answer.success) return answer.output.count;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
  return undefined;
}

function textOf(conditions: object): string | undefined {
  return Object.keys(conditions).length === 0 ? undefined : JSON.stringify(conditions);
}
