import { drizzle } from "drizzle-orm/d1";
import { beforeAll, describe, expect, test } from "vitest";
import { deleteConversation, saveConversation } from "../../../src/database/conversations/save.ts";
import { Archive } from "../../../src/database/messages/archive.ts";
import { deleteMessages, saveMessages } from "../../../src/database/messages/save.ts";
import { conversationIn, messageIn } from "../../../src/database/rows-to-records.ts";
import { conversations, members } from "../../../src/database/schema/conversations.ts";
import { messages } from "../../../src/database/schema/messages.ts";
import type { ConversationRecord, MessageRecord } from "../../../src/model/records.ts";
import { conversation } from "../../support/records.ts";
import { database } from "../support/world.ts";
import { message, WatchedDatabase } from "./database.ts";

let db: D1Database;
beforeAll(async () => {
  db = await database();
});

let serial = 0;
const freshId = () => `conversation-${++serial}`;

async function saved(id: string): Promise<ConversationRecord | undefined> {
  const rows = await drizzle(db).select().from(conversations);
  const row = rows.find((each) => each.id === id);
  return row && conversationIn(row);
}

async function membersOf(id: string): Promise<string[]> {
  const rows = await drizzle(db).select().from(members);
  return rows.filter((row) => row.conversationId === id).map((row) => row.clientId);
}

async function archived(id: string): Promise<MessageRecord[]> {
  const rows = await drizzle(db).select().from(messages);
  return rows.filter((row) => row.conversationId === id).map(messageIn);
}

async function rowsWritten(work: (billed: D1Database) => Promise<unknown>): Promise<number> {
  const billed = new WatchedDatabase(db);
  await work(billed);
  return billed.rowsWritten;
}

describe("saving a conversation", () => {
  test("a saved conversation comes back as it was", async () => {
    const full = conversation(freshId(), {
      kind: "system",
      name: "Ünïcödé 群聊 🎉 '\"; --",
      members: ["bob", "alice", "o'hara", '"q"', "😀"],
      muted: ["bob"],
      attributes: { type: "x", deep: { list: [1, null, true, { a: "b" }] }, 'quo"te': 1 },
      columns: { level: 3, flag: false },
      unique: true,
      uniqueId: "6c7b0e5afcae9aa1139a0afa25833dec",
      createdAt: 1_700_000_000_123,
      updatedAt: 1_700_000_000_456,
      lastMessageAt: 1_700_000_000_789,
      timeToLive: 60,
    });
    const bare = conversation(freshId(), { members: [] });
    await saveConversation(db, full);
    await saveConversation(db, bare);
    expect(await saved(full.id)).toEqual(full);
    expect(await saved(bare.id)).toEqual(bare);
    expect((await membersOf(full.id)).sort()).toEqual([...full.members].sort());
    expect(await membersOf(bare.id)).toEqual([]);
  });

  test("saving a conversation writes only members that joined or left", async () => {
    const id = freshId();
    const everyone = Array.from({ length: 200 }, (_, index) => `member-${index}`);
    await saveConversation(db, conversation(id, { members: everyone }));
    const changed = conversation(id, { members: [...everyone.slice(1), "bob", "carol"], updatedAt: 2000 });
    // One went, two came, and the conversation's own row.
    expect(await rowsWritten((billed) => saveConversation(billed, changed))).toBe(4);
    expect((await membersOf(id)).sort()).toEqual([...changed.members].sort());
  });

  test("saving a conversation again rewrites only its own row", async () => {
    const record = conversation(freshId(), { members: ["alice", "bob"], lastMessageAt: 5000 });
    await saveConversation(db, record);
    expect(await rowsWritten((billed) => saveConversation(billed, record))).toBe(1);
    expect(await saved(record.id)).toEqual(record);
    expect(await membersOf(record.id)).toEqual(["alice", "bob"]);
  });

  test("a saved conversation and its members are never replaced by an older snapshot", async () => {
    const id = freshId();
    const older = conversation(id, { members: ["alice", "bob"], name: "old", updatedAt: 1000 });
    const newer = conversation(id, { members: ["alice", "carol"], name: "new", updatedAt: 2000 });
    await saveConversation(db, newer);
    expect(await rowsWritten((billed) => saveConversation(billed, older))).toBe(0);
    expect(await saved(id)).toEqual(newer);
    expect(await membersOf(id)).toEqual(["alice", "carol"]);
  });

  test("the newest of many concurrent snapshots of a conversation is kept, in any order", async () => {
    const id = freshId();
    const snapshots = Array.from({ length: 20 }, (_, index) =>
      conversation(id, { members: ["alice", `member-${index}`], updatedAt: 1000 + index }),
    );
    const shuffled = snapshots.map((snapshot, index) => snapshots[(index * 7) % 20] ?? snapshot);
    await Promise.all(shuffled.map((snapshot) => saveConversation(db, snapshot)));
    expect(await saved(id)).toEqual(snapshots[19]);
    expect((await membersOf(id)).sort()).toEqual(["alice", "member-19"]);
  });

  test("saving a conversation keeps the time of the last message that messages brought", async () => {
    const record = conversation(freshId(), { lastMessageAt: 5000 });
    await saveConversation(db, record);
    await saveMessages(Archive.of(db), record.id, [message(9000)]);
    await saveConversation(db, { ...record, updatedAt: 2000, lastMessageAt: 5000 });
    expect((await saved(record.id))?.lastMessageAt).toBe(9000);
    await saveConversation(db, { ...record, updatedAt: 3000, lastMessageAt: undefined });
    expect((await saved(record.id))?.lastMessageAt).toBe(9000);
    await saveConversation(db, { ...record, updatedAt: 4000, lastMessageAt: 9500 });
    expect((await saved(record.id))?.lastMessageAt).toBe(9500);
  });

  test("a temporary conversation is not saved", async () => {
    const record = conversation("_tmp:1", { kind: "temporary", timeToLive: 60 });
    await saveConversation(db, record);
    expect(await saved(record.id)).toBeUndefined();
  });

  test("deleting a conversation deletes its members, and its messages if asked to, and no others", async () => {
    const [gone, kept] = [conversation(freshId()), conversation(freshId())];
    for (const record of [gone, kept]) {
      await saveConversation(db, record);
      await saveMessages(Archive.of(db), record.id, [message(1), message(2)]);
    }
    await deleteMessages(Archive.of(db), gone.id, [message(1), message(2), message(3)]);
    await deleteConversation(db, gone.id);
    await deleteConversation(db, gone.id);
    expect([await saved(gone.id), await membersOf(gone.id), await archived(gone.id)]).toEqual([
      undefined,
      [],
      [],
    ]);
    expect(await membersOf(kept.id)).toEqual(["alice"]);
    expect(await archived(kept.id)).toHaveLength(2);
  });
});
