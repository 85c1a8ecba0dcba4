import type { ErrorName } from "./errors.ts";

/** An operation that did not happen, and why. */
export interface Refused {
  refused: ErrorName;
  detail?: string;
}

export interface Changed {
  /** The conversation's `updatedAt` after it (ms). */
  updatedAt: number;
}
