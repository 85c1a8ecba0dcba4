import * as v from "valibot";
import { fnv } from "../../hash-text.ts";

/** From a time on, new messages go to these databases, by the hash of their conversation. */
export interface Generation {
  /** The first time (ms) that belongs to it; it ends where the next one begins. */
  since: number;
  /** Names of bindings. */
  databases: readonly string[];
}

/** Databases that one generation may have: each query asks all of them. */
const DATABASES_MAX = 16;
const GENERATIONS_MAX = 100;

/** Every message is in the one database, which has everything else too. */
export const ONE_DATABASE: readonly Generation[] = [{ since: 0, databases: ["DB"] }];

const time = v.union(
  [
    v.pipe(v.number(), v.integer(), v.minValue(0)),
    v.pipe(
      v.string(),
      v.regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/),
      v.transform(Date.parse),
      v.number(),
    ),
  ],
  "must be milliseconds, or a time in UTC as 2026-12-01T00:00Z",
);

const schema = v.pipe(
  v.array(
    v.strictObject({
      since: time,
      databases: v.pipe(
        v.array(v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]{0,62}$/, "is no name of a binding"))),
        v.minLength(1, "names no database"),
        v.maxLength(DATABASES_MAX, `names more than ${DATABASES_MAX} databases`),
        v.check((names) => new Set(names).size === names.length, "names a database twice"),
      ),
    }),
  ),
  v.minLength(1, "is empty"),
  v.maxLength(GENERATIONS_MAX, `has more than ${GENERATIONS_MAX} generations`),
  v.check((all) => all[0]?.since === 0, "must begin with a generation since 0"),
  v.check(
    (all) => all.every(({ since }, at) => at === 0 || since > (all[at - 1]?.since ?? 0)),
    "must be in the order of time",
  ),
);

/**
 * Reads the variable `ARCHIVE`, as JSON or parsed already; without it there is one database. Throws with a sentence for
 * the owner if it is wrong.
 */
export function generationsIn(variable: unknown): readonly Generation[] {
  if (variable === undefined || variable === "") return ONE_DATABASE;
  const read = v.safeParse(schema, typeof variable === "string" ? parsed(variable) : variable);
  if (read.success) return read.output;
  const [issue] = read.issues;
  const path = v.getDotPath(issue);
  throw new Error(`ARCHIVE${path === null ? "" : ` (${path})`}: ${issue.message}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("ARCHIVE: is not JSON");
  }
}

/** Messages of some time would not be found by another list than they were written by. */
export interface ChangeProblem {
  /** The first time (ms) that the lists have in different databases. */
  from: number;
  text: string;
}

/**
 * Why a list of generations must not follow another one; undefined if it may. Messages are where the earlier list says,
 * so it only grows.
 *
 * @param now ms
 */
export function changeProblem(
  before: readonly Generation[],
  after: readonly Generation[],
  now: number,
): ChangeProblem | undefined {
  const at = range(Math.max(before.length, after.length)).find((each) => !isSame(before[each], after[each]));
  if (at === undefined) return undefined;
  const [old, next] = [before[at], after[at]];
  const from = Math.min(old?.since ?? Number.POSITIVE_INFINITY, next?.since ?? Number.POSITIVE_INFINITY);
  if (from > now) return undefined;
  const text =
    old !== undefined && old.since <= now
      ? `the generation since ${new Date(old.since).toISOString()} with ${old.databases.join(", ")} is changed or missing, and has messages`
      : `the new generation since ${new Date(from).toISOString()} must begin later than now: there are messages of that time`;
  return { from, text };
}

const range = (length: number) => Array.from({ length }, (_, at) => at);

const isSame = (one: Generation | undefined, other: Generation | undefined) =>
  one?.since === other?.since && one?.databases.join() === other?.databases.join();

/** The place among some databases of a conversation's messages. It must never change: rows are where it once pointed. */
export function placeAmong(count: number, conversationId: string): number {
  let hash = fnv(conversationId);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % count;
}
