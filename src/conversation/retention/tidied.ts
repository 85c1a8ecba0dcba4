/** The bounds of a deletion by the owner's settings, as the caller read them (ms, 0 for none). */
export interface TidyBounds {
  keptFrom: number;
  idleBefore: number;
}

/** What became of a conversation that was tidied. */
export type Tidied =
  /** There was none. */
  | { outcome: "none" }
  /** It was idle, and is deleted. */
  | { outcome: "deleted" }
  /** D1 lacks something of it, or did not answer. Nothing was done. */
  | { outcome: "later" }
  /** `clearedTo`: it has no message before this time (ms); undefined if some are left to delete. */
  | { outcome: "kept"; messages: number; clearedTo: number | undefined };
