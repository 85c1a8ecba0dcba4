/** A run reports every 10 seconds; one that was silent for this long waits, or was killed, in milliseconds. */
const SILENT = 3 * 60_000;

interface Reported {
  state: "running" | "done" | "stopped";
  /** In ms. */
  updated_at: number;
}

export type Condition = "running" | "silent" | "done" | "stopped";

/** How a run is: what it last said, unless that is too long ago. */
export function conditionOf({ state, updated_at }: Reported, now: number): Condition {
  return state === "running" && now - updated_at > SILENT ? "silent" : state;
}

interface Differing {
  count: number;
  expected: boolean;
}

/** How many rows differ that should not. */
export const unexpectedCount = (differences: readonly Differing[]): number =>
  differences.reduce((sum, { count, expected }) => sum + (expected ? 0 : count), 0);

/** Those that should not be come first, then those of which there are most. */
export const byImportance = <Each extends Differing>(differences: readonly Each[]): Each[] =>
  differences.toSorted(
    (one, other) => Number(one.expected) - Number(other.expected) || other.count - one.count,
  );
