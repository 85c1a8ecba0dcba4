import { type SQL, sql } from "drizzle-orm";
import { conversations, members } from "../schema/conversations.ts";
import { type Field, inJson, type NameIndex, type QueryTable, segmentsOf } from "../where/query-table.ts";

/** The index of members: which client is in which conversation. */
export const memberIndex: NameIndex = {
  table: members,
  name: members.clientId,
  owner: members.conversationId,
  id: conversations.id,
};

// The partial index on kind only serves conditions that repeat its own `<> 'normal'`.
const isKind = (kind: SQL): SQL =>
  sql`(${conversations.kind} <> 'normal' AND ${conversations.kind} = ${kind})`;

const fields = new Map<string, Field>([
  ["objectId", { type: "text", column: conversations.id }],
  ["name", { type: "text", column: conversations.name }],
  ["c", { type: "text", column: conversations.creator }],
  ["m", { ...inJson(conversations.members, []), membership: memberIndex }],
  ["mu", inJson(conversations.muted, [])],
  ["lm", { type: "date", column: conversations.lastMessageAt }],
  ["createdAt", { type: "date", column: conversations.createdAt }],
  ["updatedAt", { type: "date", column: conversations.updatedAt }],
  ["tr", { type: "flag", set: isKind(sql`'room'`), indexed: true }],
  ["sys", { type: "flag", set: isKind(sql`'system'`), indexed: true }],
  ["unique", { type: "flag", set: sql`${conversations.unique} = 1`, indexed: false }],
  ["uniqueId", { type: "text", column: conversations.uniqueId }],
  [
    "conv_type",
    {
      type: "number",
      value: sql`CASE ${conversations.kind} WHEN 'normal' THEN 1 WHEN 'room' THEN 2 ELSE 3 END`,
    },
  ],
]);

function fieldOf(key: string): Field | undefined {
  const known = fields.get(key);
  if (known !== undefined) return known;
  const segments = segmentsOf(key);
  if (segments === undefined) return undefined;
  const [first, ...rest] = segments;
  if (first === "attr") return inJson(conversations.attributes, rest);
  return inJson(conversations.columns, segments);
}

/** The table of conversations and the keys that a `where` may name (B-20). */
export const conversationTable: QueryTable = {
  table: conversations,
  id: conversations.id,
  fieldOf,
  longColumns: [conversations.members, conversations.muted, conversations.attributes, conversations.columns],
};
