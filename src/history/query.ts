import { type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { CommandOf } from "../protocol/commands.ts";
import type { JsonObject } from "../protocol/json.ts";
import { clauseOf, withAnyName } from "./clause.ts";
import { conditionOf, isObject, isRefusal, type QueryRefusal, tooLarge } from "./condition.ts";
import { conversationsQueried, membership } from "./conversation-fields.ts";
import { orderOf } from "./order.ts";
import { matchesOf } from "./pattern-search.ts";
import type { ConversationRecord, MessageRecord } from "./records.ts";
import { conversationIn, messageIn } from "./rows.ts";
import { conversations, messages } from "./schema.ts";
import { hasTooManyParameters } from "./statement.ts";

export { isWhereByIdOnly, type QueryRefusal } from "./condition.ts";

export type ConversationQuery = Pick<
  CommandOf<"conversation.query">,
  "where" | "sort" | "limit" | "skip" | "withLastMessage"
> & {
  /** Who asks: without conditions, a query means "the conversations I am in". */
  clientId: string;
};

export interface ConversationFound {
  conversation: ConversationRecord;
  /** Only when asked for, and there is one that D1 has and everybody may see; the conversation's object knows. */
  lastMessage: MessageRecord | undefined;
}

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 1000;
/** Stands in for a limit out of range: the most that SDKs let one ask for. */
const LIMIT_FALLBACK = 100;
const SKIP_MAX = 100_000;
const SORT_DEFAULT = "-lm";

/**
 * Finds conversations (B-20). With any condition at all, those of others and of every kind are found too.
 * What cannot be understood, or would take too long, is refused; D1 failing throws.
 */
export async function queryConversations(
  db: D1Database,
  query: ConversationQuery,
): Promise<ConversationFound[] | QueryRefusal> {
  const d1 = drizzle(db);
  const order = orderOf(query.sort?.trim() || SORT_DEFAULT, conversationsQueried);
  if (isRefusal(order)) return order;
  const clause = await clauseFor(d1, query);
  if (isRefusal(clause)) return clause;
  const limit = limitOf(query.limit);
  if (limit === 0) return [];
  const skip = skipOf(query.skip);
  if (hasTooManyParameters(sql`${clause} ${sql.join(order)} ${limit} ${skip}`)) return tooLarge;

  const rows = await d1
    .select()
    .from(conversations)
    .where(clause)
    .orderBy(...order)
    .limit(limit)
    .offset(skip);
  const last = query.withLastMessage ? await lastMessages(d1, rows) : undefined;
  return rows.map((row) => ({ conversation: conversationIn(row), lastMessage: last?.get(row.id) }));
}

/** How many conversations fit, of everybody's. Refused as above. */
export async function countConversations(db: D1Database, where: JsonObject): Promise<number | QueryRefusal> {
  const d1 = drizzle(db);
  const clause = await clauseFor(d1, { where, clientId: "" });
  if (isRefusal(clause)) return clause;
  return hasTooManyParameters(clause) ? tooLarge : d1.$count(conversations, clause);
}

async function clauseFor(
  d1: DrizzleD1Database,
  query: Pick<ConversationQuery, "where" | "clientId">,
): Promise<SQL | QueryRefusal> {
  const where = query.where ?? {};
  if (isObject(where) && Object.keys(where).length === 0) {
    return sql`${conversations.kind} = 'normal' AND ${withAnyName(membership, [query.clientId])}`;
  }
  const condition = conditionOf(where, conversationsQueried);
  if (isRefusal(condition)) return condition;
  const matches = await matchesOf(d1, conversations, condition);
  return isRefusal(matches) ? matches : clauseOf(condition, matches);
}

function limitOf(limit: number | undefined): number {
  if (limit === undefined || Number.isNaN(limit)) return LIMIT_DEFAULT;
  return limit < 0 || limit > LIMIT_MAX ? LIMIT_FALLBACK : Math.trunc(limit);
}

function skipOf(skip: number | undefined): number {
  return skip !== undefined && skip > 0 ? Math.min(Math.trunc(skip), SKIP_MAX) : 0;
}

/** The newest message of each conversation, by its place. Without those that D1 knows it has not, or not yet. */
async function lastMessages(
  d1: DrizzleD1Database,
  rows: (typeof conversations.$inferSelect)[],
): Promise<Map<string, MessageRecord>> {
  const archived = rows.filter(({ lastMessageAt, archivedAt }) => archivedAt === lastMessageAt);
  const places = archived.flatMap(({ id, archivedAt }) => (archivedAt === null ? [] : [[archivedAt, id]]));
  if (places.length === 0) return new Map();
  const found = await d1
    .select()
    .from(messages)
    .where(
      sql`(${messages.timestamp}, ${messages.conversationId}) IN
        (SELECT value->>0, value->>1 FROM json_each(${JSON.stringify(places)})) AND ${messages.recipients} IS NULL`,
    );
  return new Map(found.map((row) => [row.conversationId, messageIn(row)]));
}
