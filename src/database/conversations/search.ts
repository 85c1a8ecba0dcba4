import { and, eq, gte, inArray, lt, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { afterPrefix } from "../../compare-texts.ts";
import type { JsonObject } from "../../model/json.ts";
import type { ConversationRecord } from "../../model/records.ts";
import { textList } from "../installations/device-clients.ts";
import { conversations } from "../schema/conversations.ts";
import type { Condition } from "../where/condition.ts";
import { findInSlices } from "../where/owner-query.ts";
import { readInParts, type SliceSize } from "../where/owner-query-slices.ts";
import { parseWhere } from "../where/parse-where.ts";
import { isQueryRefusal, type QueryRefusal } from "../where/query-refusal.ts";
import type { SortKey } from "../where/sort-order.ts";
import { conversationTable } from "./fields.ts";

/** What an owner looks for. All conditions together have to hold. */
export interface ConversationSearch {
  /** How the id begins. */
  idPrefix?: string | undefined;
  /** The exact name. */
  name?: string | undefined;
  /** What the name contains; upper and lower case of a to z are alike. */
  nameContains?: string | undefined;
  member?: string | undefined;
  creator?: string | undefined;
  kind?: "normal" | "room" | "system" | undefined;
  where?: JsonObject | undefined;
  /** Only conversations after this place: the last of the page before. */
  after?: SearchPlace | undefined;
  limit: number;
}

/** A place in the order of the answer. */
export interface SearchPlace {
  /** When somebody last said something there (ms), or when it was created. */
  activeAt: number;
  id: string;
}

/** A conversation as a list shows it; its members and attributes may be long, and are not in it. */
export interface ConversationSummary extends SearchPlace {
  kind: ConversationRecord["kind"];
  name: string | undefined;
  creator: string;
  /** The number of members. */
  members: number;
  /** Some of them, in the order in which they joined. */
  someMembers: string[];
  unique: boolean;
  createdAt: number;
  updatedAt: number;
  lastMessageAt: number | undefined;
}

const SHOWN_MEMBERS = 5;

const activeAt = sql<number>`max(${conversations.createdAt}, coalesce(${conversations.lastMessageAt}, 0))`;

const newestActivity: SortKey = {
  field: { type: "number", value: activeAt },
  value: activeAt,
  descending: true,
};

/**
 * Finds conversations of all kinds that are in D1, those with the newest activity first. It runs over a slice of the
 * table at a time unless an index narrows it down. Throws if D1 fails.
 */
export async function searchConversations(
  db: D1Database,
  search: ConversationSearch,
  size: SliceSize,
): Promise<ConversationSummary[] | QueryRefusal> {
  const condition = conditionOf(search);
  if (isQueryRefusal(condition)) return condition;
  const d1 = drizzle(db);
  const { idPrefix, limit } = search;
  const { id } = conversations;
  const found = await findInSlices(d1, {
    queried: conversationTable,
    condition,
    within: idPrefix === undefined ? undefined : and(gte(id, idPrefix), lt(id, afterPrefix(idPrefix))),
    also: testedOf(search),
    sort: [newestActivity],
    most: limit,
    size,
  });
  if ("refused" in found) return found;
  return readInParts(found, size, async (ids) => {
    const rows = await d1
      .select({
        id,
        activeAt,
        kind: conversations.kind,
        name: conversations.name,
        creator: conversations.creator,
        members: sql<number>`json_array_length(${conversations.members})`,
        someMembers: sql<string>`(SELECT json_group_array(value) FROM
          (SELECT value FROM json_each(${conversations.members}) LIMIT ${SHOWN_MEMBERS}))`,
        unique: conversations.unique,
        createdAt: conversations.createdAt,
        updatedAt: conversations.updatedAt,
        lastMessageAt: conversations.lastMessageAt,
      })
      .from(conversations)
      .where(inArray(id, textList(ids)));
    return rows.map(({ name, someMembers, lastMessageAt, ...row }): ConversationSummary => {
      const shown: string[] = JSON.parse(someMembers);
      return {
        ...row,
        name: name ?? undefined,
        someMembers: shown,
        lastMessageAt: lastMessageAt ?? undefined,
      };
    });
  });
}

/** The part of a search that indexes may answer. */
function conditionOf({ name, member, creator, kind, where }: ConversationSearch): Condition | QueryRefusal {
  const kinds = { room: { tr: true }, system: { sys: true }, normal: { conv_type: 1 } };
  const conditions: JsonObject[] = [
    ...(where === undefined ? [] : [where]),
    ...(name === undefined ? [] : [{ name }]),
    ...(member === undefined ? [] : [{ m: member }]),
    ...(creator === undefined ? [] : [{ c: creator }]),
    ...(kind === undefined ? [] : [kinds[kind]]),
  ];
  const given = conditions.filter((each) => Object.keys(each).length > 0);
  return given.length === 0 ? { type: "every", of: [] } : parseWhere({ $and: given }, conversationTable);
}

/** The part of a search that is tested on each row. */
function testedOf({ nameContains, after }: ConversationSearch): SQL | undefined {
  const { id, name } = conversations;
  return and(
    nameContains === undefined ? undefined : sql`instr(lower(${name}), lower(${nameContains})) > 0`,
    after &&
      sql`(${activeAt} < ${after.activeAt} OR (${eq(activeAt, after.activeAt)} AND ${id} > ${after.id}))`,
  );
}
