import type { ErrorName } from "./errors.ts";

/** An operation that was refused, and why. */
export interface Refused {
  refused: ErrorName;
  detail?: string;
}

/** An operation that changed a conversation. */
export interface Changed {
  /** The conversation's `updatedAt` after the change (ms). */
  updatedAt: number;
}
