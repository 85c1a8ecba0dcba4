import { and, asc, desc, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { alias } from "drizzle-orm/sqlite-core";
import type { MessageRecord } from "../../model/records.ts";
import type { HistoryPoint } from "../../protocol/commands.ts";
import { heldConversations } from "../retention/holds.ts";
import { messageIn } from "../rows-to-records.ts";
import { messages } from "../schema/messages.ts";
import { statement } from "../statement.ts";
import type { Archive, Period } from "./archive.ts";
import { type BucketRange, rangesOf, rangesOfAll } from "./buckets.ts";
import { firstMerged } from "./merge.ts";
import { firstOfRanges, timesIn } from "./merged-buckets.ts";

/** A range of the app's history (http-api §3). The end bounds it in the direction of reading. */
export interface ArchiveRequest {
  start: HistoryPoint | undefined;
  end: HistoryPoint | undefined;
  /** Oldest first, starting at the start; otherwise newest first. */
  reversed: boolean;
  /** Messages, 1 to 1,000. */
  limit: number;
  /** Messages are kept from this time (ms), but for conversations on hold; 0 for all. */
  since: number;
}

export interface ArchivedMessage extends MessageRecord {
  conversationId: string;
}

/**
 * The messages of a client in all conversations, in the order of time and message id. Throws if a database fails that
 * may have some of them.
 */
export async function messagesSentBy(
  archive: Archive,
  clientId: string,
  request: ArchiveRequest,
): Promise<ArchivedMessage[]> {
  return queryMessages(archive, request, clientId);
}

/** The messages of everybody in all conversations, as `messagesSentBy`. */
export async function messagesOfApp(archive: Archive, request: ArchiveRequest): Promise<ArchivedMessage[]> {
  return queryMessages(archive, request, undefined);
}

/** What is read: what one client or everybody sent, between two points, from one side. */
interface Range {
  /** Undefined for everybody. */
  sender: string | undefined;
  /** What is kept, where that is no matter of the time alone. */
  kept: SQL | undefined;
  after: HistoryPoint | undefined;
  before: HistoryPoint | undefined;
  reversed: boolean;
}

async function queryMessages(
  archive: Archive,
  { start, end, reversed, limit, since }: ArchiveRequest,
  sender: string | undefined,
): Promise<ArchivedMessage[]> {
  const [first, before, held] = await Promise.all([
    placeOf(archive, reversed ? start : end),
    placeOf(archive, reversed ? end : start),
    since === 0 ? [] : heldConversations(archive.index),
  ]);
  const begins = { timestamp: since, messageId: undefined, inclusive: true };
  const isBounded = held.length === 0 && since > (first?.timestamp ?? 0);
  const after = isBounded ? begins : first;
  const kept = held.length === 0 ? undefined : isKept(since, held);
  const range = { sender, kept, after, before, reversed };
  const found: ArchivedMessage[] = [];
  for (const period of reversed ? archive.periods : archive.periods.toReversed()) {
    const isApart =
      (after !== undefined && after.timestamp >= period.until) ||
      (before !== undefined && before.timestamp < period.since);
    if (isApart) continue;
    found.push(...(await readPeriod(period, range, limit - found.length)));
    if (found.length >= limit) break;
  }
  return found;
}

/** The first messages of a range within a period, from all its databases. */
function readPeriod(period: Period, range: Range, limit: number): Promise<ArchivedMessage[]> {
  const sources = period.databases.map((db) => (last: ArchivedMessage | undefined, most: number) => {
    if (last === undefined) return read(db, period, range, most);
    const beyond = { timestamp: last.timestamp, messageId: last.id, inclusive: false };
    const rest = range.reversed ? { ...range, after: beyond } : { ...range, before: beyond };
    return read(db, period, rest, most);
  });
  return firstMerged(sources, limit, range.reversed ? compare : (one, other) => compare(other, one));
}

/** The name by which conditions know the table. */
const each = alias(messages, "each");

async function read(db: D1Database, period: Period, range: Range, limit: number): Promise<ArchivedMessage[]> {
  const { sender, kept, after, before, reversed } = range;
  const first = Math.max(period.since, after === undefined ? 0 : firstOf(after));
  const last = Math.min(period.until - 1, before === undefined ? Number.MAX_SAFE_INTEGER : lastOf(before));
  const ranges = sender === undefined ? rangesOfAll(first, last) : await rangesIn(db, sender, first, last);
  if (ranges.length === 0 || first > last) return [];
  const sent = sender === undefined ? undefined : sql`each.sender = ${sender}`;
  const condition = and(sent, kept, after && isBeyond(after, sql`>`), before && isBeyond(before, sql`<`));
  const page = firstOfRanges({ ranges, condition, reversed, limit });
  const order = reversed ? asc : desc;
  const rows = await drizzle(db)
    .select()
    .from(each)
    .where(and(sql`(each.bucket, each.timestamp) IN (${page})`, condition))
    .orderBy(order(each.timestamp), order(each.id))
    .limit(limit);
  return rows.map((row) => ({ ...messageIn(row), conversationId: row.conversationId }));
}

/** The weeks of a client's messages: only those that the database has. */
async function rangesIn(
  db: D1Database,
  sender: string,
  first: number,
  last: number,
): Promise<readonly BucketRange[]> {
  const times = await timesIn(db, first, last);
  return times === undefined ? [] : rangesOf(sender, times.first, times.last);
}

/** The first millisecond (ms) of what is after a point, and the last one of what is before it. */
const firstOf = ({ timestamp, messageId, inclusive }: HistoryPoint): number =>
  inclusive || messageId !== undefined ? timestamp : timestamp + 1;
const lastOf = ({ timestamp, messageId, inclusive }: HistoryPoint): number =>
  inclusive || messageId !== undefined ? timestamp : timestamp - 1;

/** Without a hold, nothing is looked at beyond that time. */
const isKept = (since: number, held: readonly string[]): SQL =>
  sql`(+each.timestamp >= ${since} OR each.conversation_id IN (SELECT value FROM json_each(${JSON.stringify(held)})))`;

/** The order of the databases: by time, then by the id's bytes. */
function compare(one: ArchivedMessage, other: ArchivedMessage): number {
  return one.timestamp - other.timestamp || compareBytes(one.id, other.id);
}

const utf8 = new TextEncoder();

function compareBytes(one: string, other: string): number {
  const [left, right] = [utf8.encode(one), utf8.encode(other)];
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at === -1 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
}

/**
 * A point that names a message which an import gave another place than the time at which it was sent begins or ends a
 * page at that place.
 */
async function placeOf(archive: Archive, point: HistoryPoint | undefined): Promise<HistoryPoint | undefined> {
  if (point?.messageId === undefined) return point;
  const { timestamp, messageId } = point;
  // Naming the index' condition, which a bound value alone would not imply.
  const query = sql`SELECT ${messages.timestamp} AS place FROM ${messages} WHERE ${messages.sentAt} = ${timestamp}
    AND ${messages.sentAt} IS NOT NULL AND ${messages.id} = ${messageId} LIMIT 1`;
  // The place may be in another period than the time.
  const asked = archive.databases.map((db) => statement(db, query).first<{ place: number }>());
  const moved = (await Promise.all(asked)).find((each) => each !== null);
  return moved ? { ...point, timestamp: moved.place } : point;
}

/**
 * Which messages of a millisecond are on one side of a point that names one of them. The `+` keeps it from being the
 * bound of the search, which is the range's own.
 */
function isBeyond({ timestamp, messageId, inclusive }: HistoryPoint, side: SQL): SQL | undefined {
  if (messageId === undefined) return undefined;
  return sql`(+each.timestamp, each.id) ${inclusive ? sql`${side}=` : side} (${timestamp}, ${messageId})`;
}

/** The conversation of an archived message; undefined if there is none. Fails if a database that may have it fails. */
export async function conversationOfMessage(
  archive: Archive,
  { messageId, timestamp }: { messageId: string; timestamp: number },
): Promise<string | undefined> {
  const query = sql`SELECT m.conversation_id AS id FROM json_each(${JSON.stringify(rangesOfAll(timestamp, timestamp))})
    CROSS JOIN messages AS m ON m.bucket = value->>0 AND m.timestamp = ${timestamp} AND m.id = ${messageId} LIMIT 1`;
  const asked = archive
    .periodOf(timestamp)
    .databases.map((db) => statement(db, query).first<{ id: string }>());
  return (await Promise.all(asked)).find((found) => found !== null)?.id;
}
