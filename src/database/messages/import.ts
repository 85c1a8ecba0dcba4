import { type SQL, sql } from "drizzle-orm";
import { chunksOf } from "../chunks.ts";
import { conversations } from "../schema/conversations.ts";
import { messages } from "../schema/messages.ts";
import { statement } from "../statement.ts";
import type { Archive } from "./archive.ts";
import { bucketOf } from "./buckets.ts";
import type { ArchivedMessage } from "./history.ts";
import { toRow } from "./save.ts";

/** If D1 has everything of a conversation's log up to `after`, it has everything up to `upTo` with this import. */
export interface ImportedUpTo {
  conversationId: string;
  after: number;
  upTo: number;
  /** Place of the oldest message that it has added to the log; undefined if it has added none. */
  oldest: number | undefined;
}

/**
 * Archives imported messages of many conversations at once, each at its place in the log of its conversation. A message
 * that was changed here stays as it is. Archiving them again changes nothing.
 *
 * @param since messages from before that time (ms) are not archived
 */
export async function importToArchive(
  archive: Archive,
  imported: readonly ArchivedMessage[],
  progress: readonly ImportedUpTo[],
  since = 0,
): Promise<void> {
  const { index } = archive;
  const kept = imported.filter(({ timestamp }) => timestamp >= since);
  const parts = archive.byDatabase(kept, (message) => message);
  const own = parts.get(index) ?? [];
  parts.delete(index);
  await Promise.all([...parts].map(([db, part]) => write(db, insertionsOf(part))));
  await write(index, [...insertionsOf(own), progressOf(progress, imported)]);
}

const insertionsOf = (part: readonly ArchivedMessage[]): SQL[] =>
  chunksOf(part.map((message) => [message.conversationId, ...toRow(message)])).map(insertion);

const write = (db: D1Database, queries: readonly SQL[]) =>
  db.batch(queries.map((query) => statement(db, query)));

/** The columns in the order of `toRow`. Each row is parsed once: without a LIMIT it would be for every column of it. */
const insertion = (rows: string): SQL =>
  sql`INSERT INTO ${messages} (conversation_id, bucket, timestamp, id, sender, content, binary, mention_all,
      mentions, receipt, patched_at, recalled, recipients, address, sent_at)
    SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, unhex(value->>6), value->>7,
      value->>8, value->>9, value->>10, value->>11, value->>12, value->>13, value->>14
    FROM (SELECT jsonb(value) AS value FROM json_each(${rows}) LIMIT -1) WHERE true
    ON CONFLICT (bucket, timestamp, conversation_id) DO UPDATE SET content = excluded.content, binary = excluded.binary,
      recalled = excluded.recalled, recipients = excluded.recipients
    WHERE ${messages.id} = excluded.id AND ${messages.patchedAt} IS NULL
      AND (${messages.recipients} IS NOT excluded.recipients OR ${messages.content} IS NOT excluded.content OR ${messages.binary} IS NOT excluded.binary)`;

function progressOf(progress: readonly ImportedUpTo[], imported: readonly ArchivedMessage[]): SQL {
  const ends = new Map(progress.map(({ conversationId, upTo }) => [conversationId, upTo]));
  const newest = new Map(
    imported
      .filter(({ conversationId, timestamp }) => ends.get(conversationId) === timestamp)
      .map(({ conversationId, timestamp, from }) => [conversationId, bucketOf(from, timestamp)]),
  );
  const rows = JSON.stringify(
    progress.map(({ conversationId, after, upTo, oldest }) => {
      return [conversationId, after, upTo, oldest ?? upTo, newest.get(conversationId) ?? null];
    }),
  );
  // Retention looks again at a log that has got older messages than it knows of.
  const isOlder = sql`coalesce(cleared_to, created_at) > value->>3`;
  const isFurther = sql`coalesce(archived_at, 0) BETWEEN value->>1 AND value->>2 - 1`;
  return sql`UPDATE ${conversations} SET
      last_message_at = max(coalesce(last_message_at, 0), value->>2),
      archived_at = CASE WHEN ${isFurther} THEN value->>2 ELSE archived_at END,
      archived_bucket = CASE WHEN ${isFurther} THEN value->>4 ELSE archived_bucket END,
      cleared_to = CASE WHEN ${isOlder} THEN value->>3 ELSE cleared_to END
    FROM json_each(${rows}) WHERE ${conversations.id} = value->>0 AND (coalesce(last_message_at, 0) < value->>2
      OR ${isFurther} OR ${isOlder})`;
}
