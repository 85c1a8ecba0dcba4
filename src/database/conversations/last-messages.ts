import { type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { QUERY_ANSWER_BYTES } from "../../bounds.ts";
import type { MessageRecord } from "../../model/records.ts";
import type { Archive } from "../messages/archive.ts";
import { heldConversations } from "../retention/holds.ts";
import { messageIn } from "../rows-to-records.ts";
import type { conversations } from "../schema/conversations.ts";
import { messages } from "../schema/messages.ts";

type Row = typeof conversations.$inferSelect;

/**
 * The newest message of each of the client's own conversations, and the conversations that fit into an answer together
 * with them, at least one. Messages that do not fit are not read. A message that D1 lacks is left out.
 *
 * @param since messages are kept from this time (ms), but for conversations on hold; 0 for all
 */
export async function withLastMessages(
  archive: Archive,
  found: Row[],
  isOwn: (row: Row) => boolean,
  since = 0,
): Promise<{ rows: Row[]; last: Map<string, MessageRecord> }> {
  const held = new Set(since === 0 ? [] : await heldConversations(archive.index));
  const isKept = ({ id, archivedAt }: Row) => (archivedAt ?? 0) >= since || held.has(id);
  const archived = found.filter((row) => row.archivedAt === row.lastMessageAt && isOwn(row) && isKept(row));
  const places = archived.flatMap(({ id, archivedAt, archivedBucket }) =>
    archivedAt === null || archivedBucket === null
      ? []
      : [{ conversationId: id, timestamp: archivedAt, bucket: archivedBucket }],
  );
  if (places.length === 0) return { rows: found, last: new Map() };
  const { conversationId, content, binary, mentions } = messages;
  const size = sql<number>`coalesce(octet_length(${content}), octet_length(${binary}), 0) + octet_length(${mentions})`;
  const sized = await fromEach(archive, places, (d1, where) =>
    d1.select({ conversationId, size }).from(messages).where(where),
  );
  const sizes = new Map(sized.map((each) => [each.conversationId, each.size]));
  let bytes = 0;
  const end = found.findIndex(({ id }, at) => {
    const isOver = at > 0 && bytes >= QUERY_ANSWER_BYTES;
    bytes += sizes.get(id) ?? 0;
    return isOver;
  });
  const rows = end === -1 ? found : found.slice(0, end);
  const fitting = new Set(rows.map(({ id }) => id));
  const read = await fromEach(
    archive,
    places.filter((place) => fitting.has(place.conversationId)),
    (d1, where) => d1.select().from(messages).where(where),
  );
  return { rows, last: new Map(read.map((row) => [row.conversationId, messageIn(row)])) };
}

interface Place {
  conversationId: string;
  timestamp: number;
  bucket: number;
}

/**
 * Messages by time and conversation, each from its database. Messages for some recipients only are left out, and so are
 * those of a database that fails while the conversations themselves are found: the conversations have them.
 */
async function fromEach<Found>(
  archive: Archive,
  places: readonly Place[],
  read: (d1: DrizzleD1Database, where: SQL) => Promise<Found[]>,
): Promise<Found[]> {
  const parts = [...archive.byDatabase(places, (place) => place)].map(([db, part]) => {
    const keys = part.map(({ bucket, timestamp, conversationId }) => [bucket, timestamp, conversationId]);
    const where = sql`(bucket, timestamp, conversation_id) IN (SELECT value->>0, value->>1, value->>2
      FROM json_each(${JSON.stringify(keys)})) AND ${messages.recipients} IS NULL`;
    const rows = read(drizzle(db), where);
    return db === archive.index ? rows : rows.catch(() => []);
  });
  return (await Promise.all(parts)).flat();
}
