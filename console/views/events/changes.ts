import { isRecord } from "../../ui/json.ts";

/** One value that a change changed. What is undefined was not there. */
export interface Change {
  /** Such as `events.logDays`. */
  path: string;
  before: unknown;
  after: unknown;
}

/** As deep as settings are; what is deeper is compared as a whole. */
const DEPTH = 6;

/** What differs between two values, by path. Lists are compared as a whole. */
export function changesOf(before: unknown, after: unknown, path = "", depth = 0): Change[] {
  if (isRecord(before) && isRecord(after) && depth < DEPTH) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) =>
      changesOf(before[name], after[name], path === "" ? name : `${path}.${name}`, depth + 1),
    );
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

/** What a change changed; undefined where it is not known how things were before. */
export const knownChanges = ({ before, after }: { before: unknown; after: unknown }): Change[] | undefined =>
  before === null || before === undefined ? undefined : changesOf(before, after);

/** A value in a line. */
export const valueText = (value: unknown): string =>
  value === undefined ? "–" : (JSON.stringify(value) ?? String(value));
