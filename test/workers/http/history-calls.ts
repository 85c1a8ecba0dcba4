import { done, type Logged } from "../support/rest.ts";

/** History at this path. */
export const read = (path: string, query: Record<string, string | number> | string = "") =>
  done<Logged[]>("GET", `${path}?${new URLSearchParams(withTexts(query))}`);

/** A query with its numbers as texts. */
export function withTexts(query: Record<string, string | number> | string): string | Record<string, string> {
  if (typeof query === "string") return query;
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
}

/** What was said in the records of history. */
export const texts = (records: Logged[]) => records.map(({ data }) => data);
