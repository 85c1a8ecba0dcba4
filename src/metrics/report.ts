import type { Counts } from "./counts.ts";

/** What an isolate counted and has not reported before. */
export interface Report {
  /** The isolate, by a random id. */
  reporter: string;
  /** Counts the reports of this isolate. */
  number: number;
  /** By minutes since 1970. */
  minutes: Record<string, Counts>;
}
