import { and, desc, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { AppEvent } from "../model/app-events.ts";
import type { LoggedName } from "../model/event-names.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { PassedRequestRecord } from "../model/passed-request-record.ts";
import type { SettledPush } from "../model/settled-push.ts";
import { chunksOf } from "./chunks.ts";
import { events } from "./schema/app.ts";
import { statement } from "./statement.ts";

/** An event as the log shows it. Absent ids are undefined. */
export interface LoggedEvent {
  /** When it happened (ms). */
  at: number;
  id: string;
  name: LoggedName;
  /** Who did it. */
  clientId: string | undefined;
  conversationId: string | undefined;
  messageId: string | undefined;
  /**
   * Further details, by the names of `AppEvent`. Message content is not included: it is in history, where it can be
   * deleted.
   */
  detail: JsonObject;
}

/** An event's position in the log, which is unique. */
export type EventPosition = Pick<LoggedEvent, "at" | "id">;

export interface EventFilter {
  /** From this time on (ms). */
  from?: number | undefined;
  /** Before this time (ms). */
  until?: number | undefined;
  name?: LoggedName | undefined;
  clientId?: string | undefined;
  conversationId?: string | undefined;
  messageId?: string | undefined;
  /** Only events before this position: `next` of the previous page. */
  before?: EventPosition | undefined;
  /** Events on a page. */
  limit: number;
}

export interface EventPage {
  events: LoggedEvent[];
  /** The position of the next page; undefined at the end of the log. */
  next: EventPosition | undefined;
}

/** Events that one page reads: a rare event in a long log is found over several pages, each of them quick. */
const LOOKED_AT_MAX = 10_000;
/** Events deleted by one statement: D1 gives it 30 seconds. */
const DELETED_AT_ONCE = 5_000;

/** Adds events to the log (G-05). An event that is there already stays as it is. */
export async function saveEvents(db: D1Database, happened: AppEvent[]): Promise<void> {
  const insertions = chunksOf(happened.map(toRow)).map(
    (
      rows,
    ) => sql`INSERT OR IGNORE INTO ${events} (at, id, name, client_id, conversation_id, message_id, detail)
      SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->6 FROM json_each(${rows})`,
  );
  if (insertions.length > 0) await db.batch(insertions.map((query) => statement(db, query)));
}

/** Adds what became of pushes to the log. Throws if D1 fails. */
export async function savePushes(db: D1Database, pushes: readonly SettledPush[]): Promise<void> {
  const insertions = chunksOf(
    pushes.map(({ at, id, conversationId, messageId, ...detail }) => [
      at,
      id,
      conversationId,
      messageId,
      { ...detail },
    ]),
  ).map(
    (rows) => sql`INSERT OR IGNORE INTO ${events} (at, id, name, conversation_id, message_id, detail)
      SELECT value->>0, value->>1, 'pushSettled', value->>2, value->>3, value->4 FROM json_each(${rows})`,
  );
  if (insertions.length > 0) await db.batch(insertions.map((query) => statement(db, query)));
}

/** Adds a request that was passed on to the log. */
export async function savePassedRequest(db: D1Database, record: PassedRequestRecord): Promise<void> {
  const { at, id, ...detail } = record;
  await drizzle(db)
    .insert(events)
    .values({ at, id, name: "requestPassed", detail: { ...detail } });
}

/**
 * A page of the log, newest first. A page may hold fewer events than requested, even none, although more follow:
 * continue at `next`. Throws if D1 fails.
 */
export async function findEvents(db: D1Database, filter: EventFilter): Promise<EventPage> {
  const { limit } = filter;
  const d1 = drizzle(db);
  const { searched, tried } = conditionsOf(filter);
  const end = tried && (await endOfSearch(d1, searched));
  const rows = await d1
    .select()
    .from(events)
    .where(and(searched, tried, end && notOlderThan(end)))
    .orderBy(...newestFirst)
    .limit(limit);
  const last = rows.length < limit ? end : rows.at(-1);
  return { events: rows.map(eventIn), next: last && { at: last.at, id: last.id } };
}

/** Deletes all events before a time (ms). */
export async function dropEventsBefore(db: D1Database, at: number): Promise<void> {
  const some = sql`SELECT ${events.at}, ${events.id} FROM ${events} WHERE ${events.at} < ${at}
    ORDER BY ${events.at} LIMIT ${DELETED_AT_ONCE}`;
  const deletion = sql`DELETE FROM ${events} WHERE (${events.at}, ${events.id}) IN (${some})`;
  let deleted: number;
  do {
    deleted = (await statement(db, deletion).run()).meta.changes;
  } while (deleted === DELETED_AT_ONCE);
}

const newestFirst = [desc(events.at), desc(events.id)];

const notOlderThan = ({ at, id }: EventPosition): SQL => sql`(${events.at}, ${events.id}) >= (${at}, ${id})`;

/**
 * The conditions that a range of the table or of one index meets, and the conditions that each event in it is tested
 * on. A plus keeps SQLite from choosing another index for the second kind, whose range may be longer.
 */
function conditionsOf(filter: EventFilter): { searched: SQL | undefined; tried: SQL | undefined } {
  const { from, until, before, name } = filter;
  const ids = [
    { column: events.messageId, id: filter.messageId },
    { column: events.conversationId, id: filter.conversationId },
    { column: events.clientId, id: filter.clientId },
  ].filter(({ id }) => id !== undefined);
  const [first, ...others] = ids;
  return {
    searched: and(
      first && sql`${first.column} = ${first.id}`,
      from === undefined ? undefined : gte(events.at, from),
      until === undefined ? undefined : lt(events.at, until),
      before && sql`(${events.at}, ${events.id}) < (${before.at}, ${before.id})`,
    ),
    tried: and(
      ...others.map(({ column, id }) => sql`+${column} = ${id}`),
      name === undefined ? undefined : eq(events.name, name),
    ),
  };
}

/** The last event that a page reads; undefined if the log ends before. */
async function endOfSearch(
  d1: DrizzleD1Database,
  searched: SQL | undefined,
): Promise<EventPosition | undefined> {
  return d1
    .select({ at: events.at, id: events.id })
    .from(events)
    .where(searched)
    .orderBy(...newestFirst)
    .limit(1)
    .offset(LOOKED_AT_MAX - 1)
    .get();
}

/** In the order that the INSERT reads. */
function toRow(event: AppEvent): Json {
  const { at, id, name } = event;
  return [at, id, name, ...subjectsOf(event), detailOf(event)];
}

/** Client, conversation and message of an event. */
function subjectsOf(event: AppEvent): [string | null, string | null, string | null] {
  switch (event.name) {
    case "messageSent":
    case "receiversOffline":
      return [event.from, event.conversationId, event.messageId];
    case "messageRefused":
    case "messageChanged":
      return [event.from, event.conversationId, event.messageId ?? null];
    case "conversationStarted":
    case "conversationAdded":
    case "conversationRemoved":
      return [event.by, event.conversationId, null];
    case "clientOnline":
    case "clientOffline":
      return [event.clientId, null, null];
  }
}

function detailOf(event: AppEvent): JsonObject {
  switch (event.name) {
    case "messageSent": {
      const { transient, receipt, timestamp, address = null, online, offline } = event;
      return { transient, receipt, timestamp, address, online, offline };
    }
    case "receiversOffline": {
      const { mentionAll, mentions, timestamp, address = null, offline, muted } = event;
      return { mentionAll, mentions, timestamp, address, offline, muted };
    }
    case "conversationStarted":
    case "conversationAdded":
    case "conversationRemoved":
      return { members: event.members };
    case "clientOnline": {
      const { address = null, tag = null, reconnect, userAgent = null } = event;
      return { address, tag, reconnect, userAgent };
    }
    case "messageRefused":
    case "messageChanged": {
      const { by, isPatch, code = null, why = null } = event;
      return { by: [...by], patch: isPatch, code, why };
    }
    case "clientOffline": {
      const { why, message, address = null, tag = null } = event;
      return { why, message, address, tag };
    }
  }
}

function eventIn(row: typeof events.$inferSelect): LoggedEvent {
  return {
    ...row,
    clientId: row.clientId ?? undefined,
    conversationId: row.conversationId ?? undefined,
    messageId: row.messageId ?? undefined,
  };
}
