import { drizzle } from "drizzle-orm/d1";
import { beforeAll, describe, expect, test } from "vitest";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import { Archive } from "../../../src/database/messages/archive.ts";
import { archivedUpTo } from "../../../src/database/messages/archive-progress.ts";
import { bucketOf } from "../../../src/database/messages/buckets.ts";
import { deleteMessages, saveMessages } from "../../../src/database/messages/save.ts";
import { messageIn } from "../../../src/database/rows-to-records.ts";
import { messages } from "../../../src/database/schema/messages.ts";
import type { MessageRecord } from "../../../src/model/records.ts";
import { conversation } from "../../support/records.ts";
import { database } from "../support/world.ts";
import { message, WatchedDatabase } from "./database.ts";

let db: D1Database;
beforeAll(async () => {
  db = await database();
});

let serial = 0;
const freshId = () => `conversation-${++serial}`;

async function archived(id: string): Promise<MessageRecord[]> {
  const rows = await drizzle(db).select().from(messages);
  return rows.filter((row) => row.conversationId === id).map(messageIn);
}

async function rowsWritten(work: (billed: D1Database) => Promise<unknown>): Promise<number> {
  const billed = new WatchedDatabase(db);
  await work(billed);
  return billed.rowsWritten;
}

async function ready(): Promise<string> {
  const id = freshId();
  await saveConversation(db, conversation(id));
  return id;
}

describe("saving messages", () => {
  test("saved messages come back as they were", async () => {
    const id = await ready();
    const every = [
      message(1_700_000_000_001, {
        content: "Ünï 群 🎉 '\"\\ \n\t \u0001 \u2028",
        mentions: ["bob", "o'\"hara"],
      }),
      message(1_700_000_000_002, { content: "", mentionAll: true, receipt: true }),
      message(1_700_000_000_003, { content: new Uint8Array([0, 1, 127, 128, 255, 0]) }),
      message(1_700_000_000_004, { content: new Uint8Array(0) }),
      message(1_700_000_000_005, { content: "after\u0000nothing" }),
      message(1_700_000_000_006, { patchedAt: 1_700_000_000_007, recalled: true }),
      message(1_700_000_000_008, { recipients: ["bob", "o'\"hara"], address: "2001:db8::1" }),
      message(1_700_000_000_009, { recipients: [] }),
    ];
    await saveMessages(Archive.of(db), id, every);
    expect(await archived(id)).toEqual(every);
  });

  test("an edit that restricts the recipients of a message restricts them in D1 too", async () => {
    const id = await ready();
    await saveMessages(Archive.of(db), id, [message(1)]);
    const narrowed = message(1, { content: "edited", patchedAt: 2, recipients: ["bob"] });
    await saveMessages(Archive.of(db), id, [narrowed]);
    expect(await archived(id)).toEqual([narrowed]);
  });

  test("a saved message costs two rows, each batch one more, and an edit one", async () => {
    const id = await ready();
    expect(await rowsWritten((billed) => saveMessages(Archive.of(billed), id, [message(1)]))).toBe(2);
    expect(await rowsWritten((billed) => saveMessages(Archive.of(billed), id, [message(2)]))).toBe(2);
    const more = Array.from({ length: 50 }, (_, index) => message(10 + index));
    expect(await rowsWritten((billed) => saveMessages(Archive.of(billed), id, more))).toBe(51);
    const edited = message(10, { content: "edited", patchedAt: 100 });
    expect(await rowsWritten((billed) => saveMessages(Archive.of(billed), id, [edited]))).toBe(2);
  });

  test("saving messages again costs no rows", async () => {
    const id = await ready();
    const batch = [message(1), message(2, { patchedAt: 3 })];
    await saveMessages(Archive.of(db), id, batch);
    expect(await rowsWritten((billed) => saveMessages(Archive.of(billed), id, batch))).toBe(0);
    expect(await archived(id)).toEqual(batch);
  });

  test("of two edits the later one is kept, whichever is saved last", async () => {
    const id = await ready();
    const edited = message(1, { content: "edited", patchedAt: 10 });
    const recalled = message(1, { content: "", patchedAt: 20, recalled: true });
    await saveMessages(Archive.of(db), id, [message(1)]);
    await saveMessages(Archive.of(db), id, [edited]);
    expect(await archived(id)).toEqual([edited]);
    await saveMessages(Archive.of(db), id, [recalled]);
    await saveMessages(Archive.of(db), id, [edited]);
    await saveMessages(Archive.of(db), id, [message(1)]);
    expect(await archived(id)).toEqual([recalled]);
  });

  test("messages of any number and size can be saved", async () => {
    const id = await ready();
    const long = "长".repeat(5000);
    const many = Array.from({ length: 1000 }, (_, index) =>
      message(index + 1, { content: index % 2 ? long : new Uint8Array(5000).fill(index) }),
    );
    await saveMessages(Archive.of(db), id, many);
    expect(await archivedUpTo(db, id)).toEqual({ timestamp: 1000, patchedAt: 0 });
    expect((await archived(id)).at(-1)?.content).toBe(long);
  });

  test("saving no messages succeeds", async () => {
    expect(await rowsWritten((billed) => saveMessages(Archive.of(billed), freshId(), []))).toBe(0);
  });

  test("deleted messages stay deleted after a late write", async () => {
    const id = await ready();
    const first = [message(1), message(2)];
    await saveMessages(Archive.of(db), id, first);
    const deletion = message(1, { content: "", patchedAt: 3, deleted: true });
    await saveMessages(Archive.of(db), id, [deletion]);
    expect(await archived(id)).toEqual([message(2)]);
    await saveMessages(Archive.of(db), id, first);
    await saveMessages(Archive.of(db), id, [message(1, { content: "edited", patchedAt: 2 })]);
    await saveMessages(Archive.of(db), id, [deletion]);
    expect(await archived(id)).toEqual([message(2)]);
    expect(await archivedUpTo(db, id)).toEqual({ timestamp: 2, patchedAt: 3 });
  });

  test("messages that are deleted before they are saved count as archived", async () => {
    const id = await ready();
    await saveMessages(Archive.of(db), id, [message(1, { content: "", patchedAt: 3, deleted: true })]);
    expect(await archived(id)).toEqual([]);
    expect(await archivedUpTo(db, id)).toEqual({ timestamp: 1, patchedAt: 3 });
    await saveMessages(Archive.of(db), id, [message(1)]);
    expect(await archived(id)).toEqual([]);
  });

  test("messages of the same time in several conversations are kept apart", async () => {
    const [one, two] = [await ready(), await ready()];
    await saveMessages(Archive.of(db), one, [message(5, { content: "one" }), message(6)]);
    await saveMessages(Archive.of(db), two, [message(5, { content: "two" }), message(6)]);
    await deleteMessages(Archive.of(db), one, [message(6)]);
    expect((await archived(one)).map(({ content }) => content)).toEqual(["one"]);
    expect(await archived(two)).toHaveLength(2);
  });

  test("deleting a conversation deletes many messages", async () => {
    const id = await ready();
    const many = Array.from({ length: 12_000 }, (_, index) => message(index + 1));
    await saveMessages(Archive.of(db), id, many);
    await deleteMessages(Archive.of(db), id, many);
    expect(await archived(id)).toEqual([]);
  });
});

describe("messages whose progress waits for a later batch", () => {
  const later = { progress: "later" } as const;

  test("they cost one row each, also in a batch, and D1 confirms them", async () => {
    const id = await ready();
    await saveMessages(Archive.of(db), id, [message(1)]);
    const more = [message(2), message(3)];
    expect(await rowsWritten((billed) => saveMessages(Archive.of(billed), id, more, later))).toBe(2);
    expect(await saveMessages(Archive.of(db), id, more, later)).toEqual({ timestamp: 3, patchedAt: 0 });
    expect(await archivedUpTo(db, id)).toEqual({ timestamp: 1, patchedAt: 0 });
    expect(await archived(id)).toEqual([message(1), ...more]);
  });

  test("a repeated write of them costs no rows, and a later batch brings the progress of all", async () => {
    const id = await ready();
    const batch = [message(1), message(2, { from: "bob" })];
    await saveMessages(Archive.of(db), id, batch, later);
    expect(await rowsWritten((billed) => saveMessages(Archive.of(billed), id, batch, later))).toBe(0);
    const progress = { timestamp: 2, patchedAt: 0, from: "bob" };
    expect(await rowsWritten((billed) => saveMessages(Archive.of(billed), id, [], { progress }))).toBe(1);
    expect(await archivedUpTo(db, id)).toEqual({ timestamp: 2, patchedAt: 0 });
    const row = await db
      .prepare("SELECT last_message_at, archived_bucket FROM conversations WHERE id = ?")
      .bind(id)
      .first();
    expect(row).toEqual({ last_message_at: 2, archived_bucket: bucketOf("bob", 2) });
  });

  test("a late write of one that was deleted or recalled meanwhile does not bring it back", async () => {
    const id = await ready();
    const batch = [message(1), message(2), message(3)];
    await saveMessages(Archive.of(db), id, batch, later);
    const recalled = message(2, { content: "", patchedAt: 5, recalled: true });
    const deleted = message(1, { content: "", patchedAt: 4, deleted: true });
    await saveMessages(Archive.of(db), id, [deleted, recalled]);
    expect(await saveMessages(Archive.of(db), id, batch, later)).toEqual({ timestamp: 3, patchedAt: 5 });
    expect(await archived(id)).toEqual([recalled, message(3)]);
  });

  test("one that D1 did not take is not confirmed", async () => {
    const id = await ready();
    const forgetful = new Proxy(db, {
      get: (target, name) =>
        name === "batch"
          ? async (all: D1PreparedStatement[]) => {
              const [written, ...rest] = await target.batch(all.slice(0, -1));
              await deleteMessages(Archive.of(db), id, [message(2)]);
              return [written, ...rest, ...(await target.batch(all.slice(-1)))];
            }
          : Reflect.get(target, name).bind(target),
    });
    const reached = await saveMessages(Archive.of(forgetful), id, [message(1), message(2)], later);
    expect(reached).toEqual({ timestamp: 0, patchedAt: 0 });
  });

  test("a conversation that D1 does not have, or has no more, gets none", async () => {
    const id = freshId();
    expect(await saveMessages(Archive.of(db), id, [message(1)], later)).toBeUndefined();
    expect(await archived(id)).toEqual([]);
  });
});

describe("the archive position", () => {
  test("the archive position is empty before the first message", async () => {
    const id = freshId();
    await saveConversation(db, conversation(id));
    expect(await archivedUpTo(db, id)).toEqual({ timestamp: 0, patchedAt: 0 });
  });

  test("reading the archive position throws if it is not a number, as without its column", async () => {
    const id = freshId();
    await saveConversation(db, conversation(id));
    await db.prepare("UPDATE conversations SET archived_at = 'archived_at' WHERE id = ?").bind(id).run();
    await expect(archivedUpTo(db, id)).rejects.toThrow("which is no time");
    await expect(saveMessages(Archive.of(db), id, [message(1)])).rejects.toThrow("which is no time");
  });

  test("the archive position has the newest message and the newest edit", async () => {
    const id = freshId();
    await saveConversation(db, conversation(id));
    await saveMessages(Archive.of(db), id, [message(1), message(2, { patchedAt: 7 })]);
    expect(await archivedUpTo(db, id)).toEqual({ timestamp: 2, patchedAt: 7 });
    await saveMessages(Archive.of(db), id, [message(1, { patchedAt: 9 })]);
    expect(await archivedUpTo(db, id)).toEqual({ timestamp: 2, patchedAt: 9 });
    await saveMessages(Archive.of(db), id, [message(3)]);
    expect(await archivedUpTo(db, id)).toEqual({ timestamp: 3, patchedAt: 9 });
  });

  test("the archive position is unknown for a conversation without a row, and its messages wait for the row", async () => {
    const id = freshId();
    expect(await saveMessages(Archive.of(db), id, [message(1, { patchedAt: 7 })])).toBeUndefined();
    expect(await archived(id)).toEqual([]);
    expect(await archivedUpTo(db, id)).toBeUndefined();
  });

  test("the archive position survives a new snapshot of the conversation", async () => {
    const id = freshId();
    await saveConversation(db, conversation(id));
    await saveMessages(Archive.of(db), id, [message(1, { patchedAt: 7 })]);
    await saveConversation(db, conversation(id, { updatedAt: 5000 }));
    expect(await archivedUpTo(db, id)).toEqual({ timestamp: 1, patchedAt: 7 });
  });
});
