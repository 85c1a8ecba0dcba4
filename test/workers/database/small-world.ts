import { type ConversationQuery, queryConversations } from "../../../src/database/conversations/query.ts";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import type { Json } from "../../../src/model/json.ts";
import type { ConversationRecord } from "../../../src/model/records.ts";
import { conversation } from "../../support/records.ts";
import { database, world } from "../support/world.ts";

/** A time as a where has it. */
export const date = (time: number | string): Json => ({ __type: "Date", iso: new Date(time).toISOString() });
/** When the small world begins. */
export const day = Date.parse("2026-11-22T00:00:00.000Z");

/** A small world. `a` to `d` are groups with attributes, then one of each other kind. */
export const records: ConversationRecord[] = [
  conversation("a", {
    name: "Alpha",
    creator: "alice",
    members: ["alice", "bob"],
    muted: ["bob"],
    attributes: { type: "work", level: 1, tags: ["x", "y"], open: true, due: date(day), none: null },
    columns: { color: "red", sizes: [1, 2, 3] },
    unique: true,
    uniqueId: "unique-a",
    createdAt: day,
    updatedAt: day + 1,
    lastMessageAt: day + 400,
  }),
  conversation("b", {
    name: "Beta",
    creator: "bob",
    members: ["alice", "bob", "carol"],
    attributes: {
      type: "play",
      level: 2.5,
      tags: ["y"],
      open: false,
      due: date(day + 1000),
      a: { b: "deep" },
    },
    columns: { color: "blue", sizes: [] },
    createdAt: day + 10,
    updatedAt: day + 11,
    lastMessageAt: day + 300,
  }),
  conversation("c", {
    name: "群聊 Gamma 🎉",
    creator: "carol",
    members: ["carol", "o'hara"],
    attributes: { type: "1", level: "1", tags: [1, null, { k: 1 }, ["n"]], open: "true" },
    columns: { color: { r: 1, g: 2 } },
    createdAt: day + 20,
    updatedAt: day + 21,
    lastMessageAt: day + 200,
  }),
  conversation("d", {
    creator: "alice",
    members: ["alice"],
    attributes: { due: [date(day + 5000), "text"], level: [10, 20], a: 5 },
    createdAt: day + 30,
    updatedAt: day + 31,
  }),
  conversation("room", {
    kind: "room",
    name: "Lobby",
    members: [],
    createdAt: day + 40,
    updatedAt: day + 41,
  }),
  conversation("system", {
    kind: "system",
    name: "News",
    members: [],
    createdAt: day + 50,
    updatedAt: day + 51,
  }),
];
/** The ids of all conversations. */
export const everyone = records.map(({ id }) => id);

/** An empty D1 with the small world in it. */
export async function openSmallWorld(): Promise<void> {
  await database();
  for (const record of records) await saveConversation(world.DB, record);
}

/** What Alice's query answers. */
export function query(fields: Partial<ConversationQuery>) {
  const none = {
    where: undefined,
    sort: undefined,
    limit: undefined,
    skip: undefined,
    withLastMessage: false,
  };
  return queryConversations(world.DB, { ...none, clientId: "alice", ...fields });
}

/** The ids of the conversations that Alice's query finds. */
export async function found(fields: Partial<ConversationQuery>): Promise<string[]> {
  const answer = await query(fields);
  if ("refused" in answer) throw new Error(answer.detail);
  return answer.map((each) => each.conversation.id);
}

/** Why Alice's query is refused, or how many conversations it finds. */
export async function refused(fields: Partial<ConversationQuery>): Promise<string> {
  const answer = await query(fields);
  return "refused" in answer ? `${answer.refused} ${answer.detail}` : `found ${answer.length}`;
}
