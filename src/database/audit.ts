import { and, desc, eq, gte, lt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Json } from "../model/json.ts";
import { audit } from "./schema/audit.ts";
import { statement } from "./statement.ts";

/** Where an entry is in the audit log. */
export interface AuditPosition {
  /** When the change began (ms). */
  at: number;
  id: string;
}

/** What is known of a change before it. */
export interface AuditEntry extends AuditPosition {
  who: string;
  address: string | undefined;
  action: string;
  target: string;
}

/** What became of it. */
export interface AuditOutcome {
  /** Of the answer. */
  status: number;
  before: Json | undefined;
  after: Json | undefined;
}

export interface AuditFilter {
  who?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
  /** From this time on (ms). */
  from?: number | undefined;
  /** Before this time (ms). */
  until?: number | undefined;
  /** Only entries before this one: the last of the page before. */
  before?: AuditPosition | undefined;
  /** Entries on a page. */
  limit: number;
}

/** Characters of values on a page: to read and write more takes too long in one go. */
const PAGE_MAX = 500_000;
/** Entries deleted by one statement: D1 gives it 30 seconds. */
const DELETED_AT_ONCE = 5_000;

const at = (position: AuditPosition) => and(eq(audit.at, position.at), eq(audit.id, position.id));

/** Writes down that a change begins. Throws if D1 fails. */
export async function beginAudit(db: D1Database, entry: AuditEntry): Promise<void> {
  await drizzle(db)
    .insert(audit)
    .values({ ...entry, address: entry.address ?? null });
}

/** Writes down what became of a change. Throws if D1 fails. */
export async function endAudit(
  db: D1Database,
  position: AuditPosition,
  { status, before, after }: AuditOutcome,
): Promise<void> {
  await drizzle(db)
    .update(audit)
    .set({ status, before: before ?? null, after: after ?? null })
    .where(at(position));
}

/** Removes the entry of a change that was refused. Throws if D1 fails. */
export async function forgetAudit(db: D1Database, position: AuditPosition): Promise<void> {
  await drizzle(db).delete(audit).where(at(position));
}

/**
 * A page of the audit log, newest first: fewer entries than asked for where these are long, but one at least. Throws if
 * D1 fails.
 */
export async function findAudit(db: D1Database, filter: AuditFilter) {
  const d1 = drizzle(db);
  const { limit } = filter;
  const found = d1
    .select({ at: audit.at, id: audit.id, length })
    .from(audit)
    .where(conditionsOf(filter))
    .orderBy(desc(audit.at), desc(audit.id))
    .limit(limit);
  const places = await found;
  let size = 0;
  const isWithin = (place: { length: number }, index: number) => {
    size += place.length;
    return index === 0 || size <= PAGE_MAX;
  };
  const tooLong = places.findIndex((place, index) => !isWithin(place, index));
  const page = tooLong === -1 ? places : places.slice(0, tooLong);
  const [first] = page;
  const last = page.at(-1);
  if (first === undefined || last === undefined) return { entries: [], hasMore: false };
  const entries = await d1
    .select()
    .from(audit)
    .where(and(conditionsOf(filter), notAfter(first), notBefore(last)))
    .orderBy(desc(audit.at), desc(audit.id));
  return { entries, hasMore: page.length < places.length || places.length === limit };
}

const notAfter = ({ at, id }: AuditPosition) => sql`(${audit.at}, ${audit.id}) <= (${at}, ${id})`;
const notBefore = ({ at, id }: AuditPosition) => sql`(${audit.at}, ${audit.id}) >= (${at}, ${id})`;

/** Of an entry's values, in characters. */
const length = sql<number>`coalesce(length(${audit.before}), 0) + coalesce(length(${audit.after}), 0)`;

function conditionsOf({ who, action, target, from, until, before }: AuditFilter) {
  return and(
    who === undefined ? undefined : eq(audit.who, who),
    action === undefined ? undefined : eq(audit.action, action),
    target === undefined ? undefined : eq(audit.target, target),
    from === undefined ? undefined : gte(audit.at, from),
    until === undefined ? undefined : lt(audit.at, until),
    before && sql`(${audit.at}, ${audit.id}) < (${before.at}, ${before.id})`,
  );
}

/** Deletes all entries before a time (ms). */
export async function dropAuditBefore(db: D1Database, time: number): Promise<void> {
  const some = sql`SELECT ${audit.at}, ${audit.id} FROM ${audit} WHERE ${audit.at} < ${time}
    ORDER BY ${audit.at} LIMIT ${DELETED_AT_ONCE}`;
  const deletion = sql`DELETE FROM ${audit} WHERE (${audit.at}, ${audit.id}) IN (${some})`;
  let deleted: number;
  do {
    deleted = (await statement(db, deletion).run()).meta.changes;
  } while (deleted === DELETED_AT_ONCE);
}
