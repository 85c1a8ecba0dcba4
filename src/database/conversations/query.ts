import { eq, getTableColumns, inArray, lt, type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { OWNERS_SLICE, QUERY_ANSWER_BYTES, QUERY_PATTERN_WORK } from "../../bounds.ts";
import { isObject, type JsonObject } from "../../model/json.ts";
import type { ConversationFound, ConversationRecord } from "../../model/records.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import { textList } from "../installations/device-clients.ts";
import { Archive } from "../messages/archive.ts";
import { conversationIn } from "../rows-to-records.ts";
import { conversations } from "../schema/conversations.ts";
import { hasTooManyParameters } from "../statement.ts";
import type { Condition } from "../where/condition.ts";
import { conditionToSql, hasAnyName } from "../where/condition-to-sql.ts";
import { countInSlices, findInSlices, type OwnerQuery } from "../where/owner-query.ts";
import { readInParts, type SliceSize } from "../where/owner-query-slices.ts";
import { idsOfWhere, parseWhere } from "../where/parse-where.ts";
import { costRefusal } from "../where/query-cost.ts";
import { isQueryRefusal, type QueryRefusal, tooLarge } from "../where/query-refusal.ts";
import type { Field } from "../where/query-table.ts";
import { matchesOf } from "../where/regex-search.ts";
import { orderOf, sortedByJson } from "../where/sort-order.ts";
import { conversationTable, memberIndex } from "./fields.ts";
import { withLastMessages } from "./last-messages.ts";
import {
  asNonMembersSee,
  isHidden,
  isMember,
  isOwnConversation,
  type QueryingClient,
  reachesOthers,
  withoutMembers,
} from "./visibility.ts";

export { idsOfWhere, type QueryRefusal };

export type ConversationQuery = Pick<
  CommandOf<"conversation.query">,
  "where" | "sort" | "limit" | "skip" | "withLastMessage"
> & {
  /** The querying client. Without conditions, a query means "the conversations I am in". */
  clientId: string;
  /** Last messages are kept from this time (ms), but for conversations on hold; 0 for all. */
  messagesSince?: number;
  /** What a client may find of conversations it is not in; undefined for the app's server, which finds all. */
  bounds?: Omit<QueryingClient, "clientId">;
  /** Where last messages are, if not all in the same database. */
  archive?: Archive;
};
type Row = typeof conversations.$inferSelect;

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 1000;
/** Replaces a limit out of range: the largest that SDKs allow. */
const LIMIT_FALLBACK = 100;
const SKIP_MAX = 100_000;
const SORT_DEFAULT = "-lm";

/**
 * Finds conversations (B-20). A query with any condition also finds others' conversations, of every kind, as far as the
 * client may find them. A query that cannot be understood is refused, and so is a client's query that would take too
 * long. Throws if D1 fails.
 *
 * @param size how much of an owner's query runs in one statement
 */
export async function queryConversations(
  db: D1Database,
  query: ConversationQuery,
  size: SliceSize = OWNERS_SLICE,
): Promise<ConversationFound[] | QueryRefusal> {
  const d1 = drizzle(db);
  const asker = query.bounds && { clientId: query.clientId, ...query.bounds };
  const reach = reachOf(query, asker);
  if (isQueryRefusal(reach)) return reach;
  const asked = {
    sort: query.sort?.trim() || SORT_DEFAULT,
    limit: limitOf(query.limit),
    skip: skipOf(query.skip),
  };
  const found = await (asker === undefined ? ownersPage(d1, reach, asked, size) : page(d1, reach, asked));
  if ("refused" in found) return found;
  if (asker !== undefined) await yieldToEventLoop();
  const isOwn = ({ members }: Row) => asker === undefined || members.includes(asker.clientId);
  const { rows, last } = query.withLastMessage
    ? await withLastMessages(query.archive ?? Archive.of(db), found, isOwn, query.messagesSince)
    : { rows: found, last: undefined };
  return rows.map((row) => {
    const conversation = conversationIn(row);
    const lastMessage = last?.get(row.id);
    const { others } = reach;
    if (others === undefined || row.members.includes(others.clientId)) return { conversation, lastMessage };
    return { ...visibleToNonMember(conversation, others), lastMessage: undefined };
  });
}

/** Counts matching conversations of everybody. Refused as above. */
export async function countConversations(
  db: D1Database,
  where: JsonObject,
  size: SliceSize = OWNERS_SLICE,
): Promise<number | QueryRefusal> {
  const reach = reachOf({ where, clientId: "" }, undefined);
  return isQueryRefusal(reach) ? reach : countInSlices(drizzle(db), ownersQuery(reach, size));
}

const ownersQuery = ({ condition, within }: Reach, size: SliceSize): OwnerQuery => {
  const all: Condition = { type: "every", of: [] };
  return { queried: conversationTable, condition: condition ?? all, within, size };
};

/**
 * The reach of a query: SQL that bounds it, the condition within these bounds, and the client if it finds others'
 * conversations.
 */
interface Reach {
  within: SQL | undefined;
  condition: Condition | undefined;
  /** The querying client, if the query finds conversations that this client is not in. */
  others: QueryingClient | undefined;
}

function reachOf(
  query: Pick<ConversationQuery, "where" | "clientId">,
  asker: QueryingClient | undefined,
): Reach | QueryRefusal {
  const { clientId } = query;
  const where = query.where ?? {};
  if (isObject(where) && Object.keys(where).length === 0) {
    const within = sql`${conversations.kind} = 'normal' AND ${hasAnyName(memberIndex, [clientId])}`;
    return { condition: undefined, within, others: undefined };
  }
  const condition = parseWhere(where, conversationTable);
  if (isQueryRefusal(condition)) return condition;
  if (asker === undefined) return { condition, within: undefined, others: undefined };
  // A client that knows an id may look it up, in any order.
  if (idsOfWhere(where) !== undefined) {
    return { condition, within: undefined, others: { ...asker, findOthers: "anyone" } };
  }
  if (reachesOthers(condition, asker)) return { condition, within: undefined, others: asker };
  return { condition, within: isOwnConversation(clientId), others: undefined };
}

async function clauseFor(d1: DrizzleD1Database, { condition, within }: Reach): Promise<SQL | QueryRefusal> {
  const bounds = within === undefined ? [] : [within];
  if (condition === undefined) return sql.join(bounds);
  const matches = await matchesOf(d1, conversations, condition, { within, work: QUERY_PATTERN_WORK });
  if (isQueryRefusal(matches)) return matches;
  return sql.join([...bounds, sql`(${conditionToSql(condition, matches)})`], sql` AND `);
}

/** A value for members alone is NULL for non-members, in the sort order too. */
const visibleValue =
  (asker: QueryingClient) =>
  (field: Field, value: SQL): SQL =>
    isHidden(field, asker) ? sql`CASE WHEN ${isMember(asker.clientId)} THEN ${value} END` : value;

function visibleToNonMember(
  found: ConversationRecord,
  asker: QueryingClient,
): Omit<ConversationFound, "lastMessage"> {
  const conversation = asNonMembersSee(found);
  if (asker.findOthers === "anyone" && asker.showMembers) return { conversation };
  return { conversation: withoutMembers(conversation), withoutMembers: true };
}

interface Page {
  sort: string;
  limit: number;
  skip: number;
}

/** A page for the app's server. */
async function ownersPage(
  d1: DrizzleD1Database,
  reach: Reach,
  { sort, limit, skip }: Page,
  size: SliceSize,
): Promise<Row[] | QueryRefusal> {
  const most = limit === 0 ? 0 : skip + limit;
  const found = await findInSlices(d1, { ...ownersQuery(reach, size), sort, most });
  if ("refused" in found) return found;
  return readInParts(found.slice(skip), size, (ids) =>
    d1
      .select()
      .from(conversations)
      .where(inArray(conversations.id, textList(ids))),
  );
}

/** A page for a client. The query is refused if it would read too much. */
async function page(
  d1: DrizzleD1Database,
  reach: Reach,
  { sort, limit, skip }: Page,
): Promise<Row[] | QueryRefusal> {
  const seen = reach.others === undefined ? undefined : visibleValue(reach.others);
  const order = orderOf(sort, conversationTable, seen);
  if (isQueryRefusal(order)) return order;
  const costly = await costRefusal(d1, {
    ...reach,
    sorted: sortedByJson(sort, conversationTable),
    kept: skip + limit,
  });
  if (costly !== undefined) return costly;
  // On a single machine D1 runs on this thread. Each step is short; all of them together are not.
  await yieldToEventLoop();
  const clause = await clauseFor(d1, reach);
  if ("refused" in clause) return clause;
  if (limit === 0) return [];
  if (hasTooManyParameters(sql`${clause} ${sql.join(order)} ${limit} ${skip}`)) return tooLarge;
  return selectWithinBytes(d1, { clause, order, limit, skip });
}

/** The rows of a page that fit into an answer, at least one. The client requests the rest with `skip`. */
function selectWithinBytes(
  d1: DrizzleD1Database,
  { clause, order, limit, skip }: { clause: SQL; order: SQL[]; limit: number; skip: number },
): Promise<Row[]> {
  const { id, members, muted, attributes, columns } = conversations;
  const lengths = [members, muted, attributes, columns].map((column) => sql`octet_length(${column})`);
  const size = sql<number>`${sql.join(lengths, sql` + `)}`.as("size");
  const sized = d1
    .select({ id, size })
    .from(conversations)
    .where(clause)
    .orderBy(...order)
    .limit(limit)
    .offset(skip)
    .as("sized");
  const before = sql<number>`sum(${sized.size}) OVER (ROWS UNBOUNDED PRECEDING) - ${sized.size}`.as("before");
  const place = sql<number>`row_number() OVER ()`.as("place");
  const summed = d1
    .select({ found: sql<string>`${sized.id}`.as("found"), before, place })
    .from(sized)
    .as("summed");
  return d1
    .select(getTableColumns(conversations))
    .from(summed)
    .innerJoin(conversations, eq(conversations.id, summed.found))
    .where(lt(summed.before, QUERY_ANSWER_BYTES))
    .orderBy(sql`${summed.place}`);
}

function limitOf(limit: number | undefined): number {
  if (limit === undefined || Number.isNaN(limit)) return LIMIT_DEFAULT;
  return limit < 0 || limit > LIMIT_MAX ? LIMIT_FALLBACK : Math.trunc(limit);
}

function skipOf(skip: number | undefined): number {
  return skip !== undefined && skip > 0 ? Math.min(Math.trunc(skip), SKIP_MAX) : 0;
}
