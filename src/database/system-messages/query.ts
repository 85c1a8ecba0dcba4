import { inArray, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { JsonObject } from "../../model/json.ts";
import { textList } from "../installations/device-clients.ts";
import { heldConversations } from "../retention/holds.ts";
import { systemMessages } from "../schema/messages.ts";
import { countInSlices, findInSlices } from "../where/owner-query.ts";
import { readInParts, type SliceSize } from "../where/owner-query-slices.ts";
import { parseWhere } from "../where/parse-where.ts";
import { isQueryRefusal, type QueryRefusal } from "../where/query-refusal.ts";
import type { Field, QueryTable } from "../where/query-table.ts";

export type SystemMessage = typeof systemMessages.$inferSelect;

const fields = new Map<string, Field>([
  ["objectId", { type: "text", column: systemMessages.id }],
  ["msgId", { type: "text", column: systemMessages.messageId }],
  ["conv", { type: "text", column: systemMessages.conversationId }],
  ["from", { type: "text", column: systemMessages.sender }],
  ["fromIp", { type: "text", column: systemMessages.address }],
  ["data", { type: "text", column: systemMessages.data }],
  ["bin", { type: "boolean", value: sql`${systemMessages.binary}` }],
  ["timestamp", { type: "number", value: sql`${systemMessages.timestamp}` }],
  ["ackAt", { type: "number", value: sql`${systemMessages.acknowledgedAt}` }],
  ["createdAt", { type: "date", column: systemMessages.createdAt }],
  ["updatedAt", { type: "date", column: systemMessages.updatedAt }],
]);

const table: QueryTable = {
  table: systemMessages,
  id: systemMessages.id,
  fieldOf: (key) => fields.get(key),
  longColumns: [systemMessages.data],
};

export interface SystemMessageListing {
  where: JsonObject;
  /** Such as `-createdAt`; the oldest come first by default. */
  order: string | undefined;
  limit: number;
  skip: number;
  /** Messages are kept from this time (ms), but for conversations on hold; 0 for all. */
  since: number;
}

/** What clients wrote to services, for the app's server. A `where` that is not understood is refused. Fails if D1 fails. */
export async function findSystemMessages(
  db: D1Database,
  { where, order, limit, skip, since }: SystemMessageListing,
  size: SliceSize,
): Promise<SystemMessage[] | QueryRefusal> {
  const condition = parseWhere(withPointer(where), table);
  if (isQueryRefusal(condition)) return condition;
  const most = limit === 0 ? 0 : skip + limit;
  const within = await keptWithin(db, since);
  const asked = { queried: table, condition, within, sort: order || "createdAt", most, size };
  const found = await findInSlices(drizzle(db), asked);
  if ("refused" in found) return found;
  return readInParts(found.slice(skip), size, (ids) =>
    drizzle(db)
      .select()
      .from(systemMessages)
      .where(inArray(systemMessages.id, textList(ids))),
  );
}

/** Counts the matching ones. Refused as above. */
export async function countSystemMessages(
  db: D1Database,
  { where, since }: Pick<SystemMessageListing, "where" | "since">,
  size: SliceSize,
): Promise<number | QueryRefusal> {
  const condition = parseWhere(withPointer(where), table);
  if (isQueryRefusal(condition)) return condition;
  const within = await keptWithin(db, since);
  return countInSlices(drizzle(db), { queried: table, condition, within, size });
}

/** Undefined if all are kept. */
async function keptWithin(db: D1Database, since: number): Promise<SQL | undefined> {
  if (since === 0) return undefined;
  const held = JSON.stringify(await heldConversations(db));
  return sql`(${systemMessages.timestamp} >= ${since} OR ${systemMessages.conversationId} IN (SELECT value FROM json_each(${held})))`;
}

/** SDKs name a conversation by a pointer. */
function withPointer(where: JsonObject): JsonObject {
  const { conv } = where;
  const id = typeof conv === "object" && conv !== null && "objectId" in conv ? conv.objectId : undefined;
  return id === undefined ? where : { ...where, conv: id };
}
