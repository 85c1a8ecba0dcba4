import { IMPORT_PLACES } from "../../bounds.ts";
import { chunksOf } from "../../database/chunks.ts";
import type { MessageRecord } from "../../model/records.ts";
import { toHex } from "../../protocol/hex.ts";
import type { Sql } from "../../sql.ts";
import { DELETED, placeOf, RECALLED, toContent, toImported } from "./message-rows.ts";

/** A message of another service: its `timestamp` is the time at which it was sent there. */
export type ImportedMessage = Pick<
  MessageRecord,
  "timestamp" | "id" | "from" | "content" | "recalled" | "address" | "deliveredAt"
> & {
  /** The clients that it is for, in a service conversation; undefined where that is not known. */
  recipients?: string[] | undefined;
  /** When a broadcast to everybody ends (ms). */
  validTill?: number | undefined;
};

/** What became of an imported message. */
export interface ImportOutcome {
  /**
   * `added`; `changed` if it was here with another content; `kept` if this log has it already, or has changed it;
   * `mirrored` if it is here with an id or a time of its own; `refused` if there is no place for it; `expired` if it is
   * older than messages are kept.
   */
  outcome: "added" | "changed" | "kept" | "mirrored" | "refused" | "expired";
  /** Its place in the log. */
  place: number;
  /** Whom it is for there, where it is not for all. */
  recipients?: string[] | undefined;
  /** Who sent it by an earlier import, which stays, where this one names another. */
  from?: string;
}

/**
 * Adds messages of another service to a log, or brings those up to date that were edited or recalled there since the
 * last import. A message that was changed or deleted here stays as it is here. Importing again changes nothing.
 *
 * Two messages may have been sent in one millisecond there. The second one gets the next free place, and remembers when
 * it was sent.
 */
export function importMessages(sql: Sql, messages: readonly ImportedMessage[]): ImportOutcome[] {
  const outcomes: ImportOutcome[] = [];
  let last = Number.NEGATIVE_INFINITY;
  while (outcomes.length < messages.length) {
    const run = runAfter(last, messages.slice(outcomes.length));
    // What is no later than the one before it takes the next free place.
    const rest = run.length > 0 ? run : messages.slice(outcomes.length, outcomes.length + 1);
    const done =
      run.length > 0 && isFree(sql, run) ? insertAll(sql, run) : rest.map((each) => importMessage(sql, each));
    for (const { place } of done) last = Math.max(last, place);
    outcomes.push(...done);
  }
  return outcomes;
}

/** The first messages, as far as each is later than the one before it. */
function runAfter(time: number, messages: readonly ImportedMessage[]): ImportedMessage[] {
  let last = time;
  const end = messages.findIndex(({ timestamp }) => {
    const isLater = timestamp > last;
    last = timestamp;
    return !isLater;
  });
  return messages.slice(0, end === -1 ? messages.length : end);
}

/** Whether this log has nothing of the time of these messages: then each gets its own place. */
function isFree(sql: Sql, run: readonly ImportedMessage[]): boolean {
  const [first, last] = [run[0]?.timestamp ?? 0, run.at(-1)?.timestamp ?? 0];
  const query = "SELECT timestamp FROM messages WHERE timestamp >= ? AND timestamp <= ? LIMIT 1";
  return sql.exec(query, first, last).toArray().length === 0;
}

/** A statement for many rows takes a third of the time of one for each. */
function insertAll(sql: Sql, run: readonly ImportedMessage[]): ImportOutcome[] {
  const isPlain = ({ content }: ImportedMessage) =>
    typeof content !== "string" || (content.isWellFormed() && !content.includes("\u0000"));
  for (const message of run) if (!isPlain(message)) insert(sql, message, message.timestamp);
  const rows = run.filter(isPlain).map((message) => {
    const { timestamp, id, from, address = null, content, recalled } = message;
    const [text, bytes] = typeof content === "string" ? [content, null] : [null, toHex(content)];
    const flags = recalled ? RECALLED : 0;
    return [timestamp, id, from, address, text, bytes, flags, toImported(message), recipientsOf(message)];
  });
  for (const chunk of chunksOf(rows)) {
    sql.exec(
      "INSERT INTO messages (timestamp, id, sender, origin, address, content, flags, imported, recipients) " +
        "SELECT value->>0, value->>1, value->>2, 0, value->>3, coalesce(value->>4, unhex(value->>5)), value->>6, " +
        "value->>7, value->>8 FROM (SELECT jsonb(value) AS value FROM json_each(?) LIMIT -1)",
      chunk,
    );
  }
  return run.map(({ timestamp }) => ({ outcome: "added", place: timestamp }));
}

function importMessage(sql: Sql, message: ImportedMessage): ImportOutcome {
  const sentAt = message.timestamp;
  if (insert(sql, message, sentAt)) return { outcome: "added", place: sentAt };
  const known = placeOf(sql, sentAt, message.id);
  if (known !== undefined)
    return { outcome: update(sql, message, known), place: known, ...otherSender(sql, message, known) };
  const place = freePlace(sql, sentAt);
  if (place === undefined) return { outcome: "refused", place: sentAt };
  insert(sql, { ...message, sentAt }, place);
  return { outcome: "added", place };
}

/** The sender that a message in its place has, unless it is the one that is imported. */
function otherSender(sql: Sql, { from }: ImportedMessage, place: number): { from?: string } {
  const { sender } = sql
    .exec<{ sender: string }>("SELECT sender FROM messages WHERE timestamp = ?", place)
    .one();
  return sender === from ? {} : { from: sender };
}

/** Whether the place was free. */
function insert(sql: Sql, message: ImportedMessage & { sentAt?: number }, place: number): boolean {
  const written = sql.exec(
    "INSERT INTO messages (timestamp, id, sender, origin, address, content, flags, imported, recipients) " +
      "VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING timestamp",
    place,
    message.id,
    message.from,
    message.address ?? null,
    toContent(message.content),
    message.recalled ? RECALLED : 0,
    toImported(message),
    recipientsOf(message),
  );
  return written.toArray().length > 0;
}

const recipientsOf = ({ recipients }: ImportedMessage) =>
  recipients === undefined ? null : JSON.stringify(recipients);

/** Brings a message in its place up to date, unless it was changed or deleted here. */
export function update(sql: Sql, message: ImportedMessage, place: number): "changed" | "kept" {
  const content = toContent(message.content);
  const written = sql.exec(
    "UPDATE messages SET content = ?, flags = ? WHERE timestamp = ? AND patched_at IS NULL " +
      "AND flags & ? = 0 AND content IS NOT ? RETURNING timestamp",
    content,
    message.recalled ? RECALLED : 0,
    place,
    DELETED,
    content,
  );
  return written.toArray().length > 0 ? "changed" : "kept";
}

/** Undefined if there is none near enough. */
function freePlace(sql: Sql, sentAt: number): number | undefined {
  let place = sentAt + 1;
  const taken = sql.exec<{ timestamp: number }>(
    "SELECT timestamp FROM messages WHERE timestamp >= ? AND timestamp <= ? ORDER BY timestamp",
    place,
    sentAt + IMPORT_PLACES,
  );
  for (const { timestamp } of taken) {
    if (timestamp > place) break;
    place = timestamp + 1;
  }
  return place > sentAt + IMPORT_PLACES ? undefined : place;
}
