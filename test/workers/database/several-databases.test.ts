import * as fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deleteConversation, saveConversation } from "../../../src/database/conversations/save.ts";
import { Archive } from "../../../src/database/messages/archive.ts";
import { archivedUpTo } from "../../../src/database/messages/archive-progress.ts";
import { BUCKETS } from "../../../src/database/messages/buckets.ts";
import { deleteMessagesBefore } from "../../../src/database/messages/expiry.ts";
import {
  type ArchivedMessage,
  type ArchiveRequest,
  conversationOfMessage,
  messagesOfApp,
  messagesSentBy,
} from "../../../src/database/messages/history.ts";
import { importToArchive } from "../../../src/database/messages/import.ts";
import { deleteMessages, endArchive, saveMessages } from "../../../src/database/messages/save.ts";
import type { MessageRecord } from "../../../src/model/records.ts";
import { conversation } from "../../support/records.ts";
import { brokenDatabase, prepareDatabases, severalDatabases } from "../support/several-databases.ts";
import { database, world } from "../support/world.ts";
import { message, WatchedDatabase } from "./database.ts";

/** Messages are in several databases of D1, by their time and their conversation. */

const none = async () => [];

const everything: ArchiveRequest = {
  start: undefined,
  end: undefined,
  reversed: true,
  limit: 1_000,
  since: 0,
};

async function timesIn(db: D1Database, id?: string): Promise<number[]> {
  const all = "SELECT timestamp FROM messages WHERE ?1 IS NULL OR conversation_id = ?1 ORDER BY timestamp";
  const { results } = await db
    .prepare(all)
    .bind(id ?? null)
    .all<{ timestamp: number }>();
  return results.map(({ timestamp }) => timestamp);
}

/** An id whose messages of the second generation are in a database. */
function idFor(db: D1Database, archive = severalDatabases()): string {
  for (let serial = 0; ; serial++) {
    const id = `chat-${serial}`;
    if (archive.of(id, 1_500) === db) return id;
  }
}

describe("writing to several databases", () => {
  let archive: Archive;
  beforeEach(async () => {
    await database();
    await prepareDatabases();
    archive = severalDatabases();
  });

  async function ready(db = world.DB_1): Promise<string> {
    const id = idFor(db);
    await saveConversation(world.DB, conversation(id));
    return id;
  }

  test("messages go to the database of their time and conversation, and the progress stays in the first", async () => {
    const id = await ready();
    const reached = await saveMessages(archive, id, [message(999), message(1_000), message(1_999)]);
    expect(reached).toEqual({ timestamp: 1_999, patchedAt: 0 });
    expect(await timesIn(world.DB)).toEqual([999]);
    expect(await timesIn(world.DB_1)).toEqual([1_000, 1_999]);
    expect(await timesIn(world.DB_2)).toEqual([]);
  });

  test("an edit, a recall and a deletion go to the database of their message", async () => {
    const id = await ready();
    await saveMessages(archive, id, [
      message(10),
      message(20),
      message(1_010),
      message(1_020),
      message(1_030),
    ]);
    await saveMessages(archive, id, [
      message(10, { content: "edited", patchedAt: 1_500 }),
      message(1_010, { content: "edited", patchedAt: 1_501 }),
      message(1_020, { content: "", recalled: true, patchedAt: 1_502 }),
      message(20, { content: "", deleted: true, patchedAt: 1_503 }),
      message(1_030, { content: "", deleted: true, patchedAt: 1_504 }),
    ]);
    const found = await messagesOfApp(archive, everything);
    expect(found.map(({ timestamp, content, recalled }) => [timestamp, content, recalled])).toEqual([
      [10, "edited", false],
      [1_010, "edited", false],
      [1_020, "", true],
    ]);
    expect(await timesIn(world.DB)).toEqual([10]);
  });

  test("a copy that crosses generations is not acknowledged while one of its databases is down, and then repeated", async () => {
    const id = await ready();
    const batch = [message(999), message(1_000)];
    const failing = severalDatabases({ DB_1: brokenDatabase() });
    await expect(saveMessages(failing, id, batch)).rejects.toThrow("down");
    expect(await archivedUpTo(world.DB, id)).toEqual({ timestamp: 0, patchedAt: 0 });
    const other = await ready(world.DB_2);
    expect(await saveMessages(failing, other, batch)).toEqual({ timestamp: 1_000, patchedAt: 0 });
    expect(await saveMessages(archive, id, batch)).toEqual({ timestamp: 1_000, patchedAt: 0 });
    expect(await saveMessages(archive, id, batch)).toEqual({ timestamp: 1_000, patchedAt: 0 });
    expect(await timesIn(world.DB, id)).toEqual([999]);
    expect(await timesIn(world.DB_1, id)).toEqual([1_000]);
  });

  test("a late write of a message that was deleted meanwhile does not bring it back", async () => {
    const id = await ready();
    await saveMessages(archive, id, [message(1_000)]);
    await saveMessages(archive, id, [message(1_000, { content: "", deleted: true, patchedAt: 1_100 })]);
    await saveMessages(archive, id, [message(1_000)]);
    expect(await timesIn(world.DB_1)).toEqual([]);
  });

  test("a message of another database costs one row there, and none for how far it is", async () => {
    const id = await ready();
    await saveMessages(archive, id, [message(1_000)]);
    const [index, billed] = [new WatchedDatabase(world.DB), new WatchedDatabase(world.DB_1)];
    const late = { progress: "later" } as const;
    const several = severalDatabases({ DB: index, DB_1: billed });
    expect(await saveMessages(several, id, [message(1_001)], late)).toMatchObject({ timestamp: 1_001 });
    expect(billed.rowsWritten).toBe(1);
    expect(await index.plans()).toEqual([]);
    expect(await timesIn(world.DB_1, id)).toEqual([1_000, 1_001]);
  });

  test("a deleted conversation leaves no message in any database, also after a late write", async () => {
    const id = await ready();
    const batch = [message(999), message(1_000), message(2_000), message(2_001)];
    await saveMessages(archive, id, batch);
    await deleteMessages(archive, id, batch);
    await endArchive(archive, id);
    await deleteConversation(world.DB, id);
    await saveMessages(archive, id, [...batch, message(2_002)]);
    for (const db of archive.databases) expect(await timesIn(db)).toEqual([]);
  });

  test("imported messages go to the databases of their places, and importing them again changes nothing", async () => {
    const id = await ready();
    const imported = [900, 1_100, 2_100].map((time) => ({ ...message(time), conversationId: id }));
    for (const _ of ["first", "again"])
      await importToArchive(archive, imported, [{ conversationId: id, after: 0, upTo: 2_100, oldest: 900 }]);
    expect((await messagesOfApp(archive, everything)).map(({ timestamp }) => timestamp)).toEqual([
      900, 1_100, 2_100,
    ]);
    expect(await timesIn(world.DB_1, id)).toContain(1_100);
    expect(await archivedUpTo(world.DB, id)).toEqual({ timestamp: 2_100, patchedAt: 0 });
  });

  test("messages before a time leave every database", async () => {
    for (const db of [world.DB_1, world.DB_2])
      await saveMessages(archive, await ready(db), [message(900), message(1_100), message(1_900)]);
    const deletion = await deleteMessagesBefore(archive, 1_500, { kept: none, most: 1_000 });
    expect(deletion).toEqual({ deleted: 4, isComplete: true });
    expect((await messagesOfApp(archive, everything)).map(({ timestamp }) => timestamp)).toEqual([
      1_900, 1_900,
    ]);
  });

  test("with one database named as by default, a copy is one batch of the same statements and rows", async () => {
    const id = await ready();
    const billed = new WatchedDatabase(world.DB);
    const asNamed = Archive.of(billed, [{ since: 0, databases: ["DB"] }]);
    await saveMessages(asNamed, id, [message(999), message(1_000)]);
    expect(billed.rowsWritten).toBe(3);
    expect(await billed.plans()).toHaveLength((await plansOfOne(id)).length);
  });

  async function plansOfOne(id: string): Promise<string[]> {
    const billed = new WatchedDatabase(world.DB);
    await saveMessages(Archive.of(billed), id, [message(1_001), message(1_002)]);
    return billed.plans();
  }
});

describe("reading from several databases", () => {
  const saved: ArchivedMessage[] = [];
  let archive: Archive;

  beforeAll(async () => {
    await database();
    await prepareDatabases();
    archive = severalDatabases();
    const ids = Array.from({ length: 7 }, (_, index) => `room-${index}`);
    for (const [at, id] of ids.entries()) {
      await saveConversation(world.DB, conversation(id));
      // The borders themselves, some times that several share, and one conversation that is much livelier.
      const times = [...new Set([at + 1, 999, 1_000, 1_500 + (at % 2), 1_999, 2_000, 2_500 + at])];
      if (at === 3) for (let more = 0; more < 60; more++) times.push(1_100 + more * 5, 2_100 + more * 5);
      const records: MessageRecord[] = times
        .toSorted((one, other) => one - other)
        .map((time) =>
          message(time, { id: `${time % 3}é${at}-${time}`, from: at % 2 === 0 ? "tom" : "jerry" }),
        );
      await saveMessages(archive, id, records);
      saved.push(...records.map((record) => ({ ...record, conversationId: id })));
    }
    saved.sort((one, other) => one.timestamp - other.timestamp || (one.id < other.id ? -1 : 1));
  });

  const placesOf = (messages: readonly ArchivedMessage[]) =>
    messages.map(({ timestamp, conversationId }) => `${timestamp} ${conversationId}`);

  test("each database has some of the messages", async () => {
    for (const db of archive.databases) expect(await timesIn(db)).not.toEqual([]);
  });

  test("pages over several databases are one sorted list, in both orders, for every limit and between any two points", async () => {
    const time = fc.oneof(
      fc.constant(undefined),
      fc.constantFrom(...saved),
      fc.integer({ min: 0, max: 2_600 }),
    );
    const property = fc.asyncProperty(
      fc.record({
        reversed: fc.boolean(),
        limit: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1_000 })),
        from: time,
        to: time,
        inclusive: fc.boolean(),
        sender: fc.constantFrom(undefined, "tom", "nobody"),
      }),
      async ({ reversed, limit, from, to, inclusive, sender }) => {
        const point = (at: typeof from) => {
          if (at === undefined) return undefined;
          if (typeof at === "number") return { timestamp: at, messageId: undefined, inclusive };
          return { timestamp: at.timestamp, messageId: at.id, inclusive };
        };
        const [start, end] = [point(from), point(to)];
        const all = saved.filter(({ from: by }) => sender === undefined || by === sender);
        const expected = (reversed ? all : all.toReversed()).filter(
          (each) => isBeyond(each, start, reversed) && isBeyond(each, end, !reversed),
        );
        const seen: ArchivedMessage[] = [];
        for (let next = start; ; ) {
          const request = { start: next, end, reversed, limit, since: 0 };
          const page = await (sender === undefined
            ? messagesOfApp(archive, request)
            : messagesSentBy(archive, sender, request));
          seen.push(...page);
          const last = page.at(-1);
          if (page.length < limit || last === undefined || seen.length >= 4 * limit) break;
          next = { timestamp: last.timestamp, messageId: last.id, inclusive: false };
        }
        expect(placesOf(seen)).toEqual(placesOf(expected.slice(0, Math.min(4 * limit, expected.length))));
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  test("a page that needs a database that is down is an error, and a page that does not need it is whole", async () => {
    const newest = { ...everything, reversed: false, limit: 3 };
    const withoutTwo = severalDatabases({ DB_2: brokenDatabase() });
    await expect(messagesOfApp(withoutTwo, newest)).rejects.toThrow("down");
    await expect(messagesOfApp(withoutTwo, everything)).rejects.toThrow("down");
    const end = { timestamp: 900, messageId: undefined, inclusive: false };
    const oldest = await messagesOfApp(withoutTwo, { ...everything, end });
    expect(placesOf(oldest)).toEqual(placesOf(saved.filter(({ timestamp }) => timestamp < 900)));
  });

  test("the conversation of a message is found in whichever database has it", async () => {
    for (const { id, timestamp, conversationId } of saved.slice(0, 30))
      expect(await conversationOfMessage(archive, { messageId: id, timestamp })).toBe(conversationId);
    expect(await conversationOfMessage(archive, { messageId: "none", timestamp: 1_500 })).toBeUndefined();
  });

  test("a page of three databases begins a few times in each, and reads no row more often than that", async () => {
    const watched = new Map(archive.databases.map((db) => [db, new WatchedDatabase(db)]));
    const of = (db: D1Database) => watched.get(db) ?? db;
    await messagesOfApp(severalDatabases({ DB: of(world.DB), DB_1: of(world.DB_1), DB_2: of(world.DB_2) }), {
      ...everything,
      reversed: false,
      limit: 40,
    });
    const read = await Promise.all([...watched.values()].map((each) => each.rowsReadAgain()));
    expect(read.reduce((sum, each) => sum + each, 0)).toBeLessThan(3 * 8 * BUCKETS);
  });
});

function isBeyond(each: ArchivedMessage, point: ArchiveRequest["start"], reversed: boolean): boolean {
  if (point === undefined) return true;
  const { timestamp, messageId, inclusive } = point;
  let order = each.timestamp - timestamp;
  if (order === 0 && messageId !== undefined && each.id !== messageId) order = each.id < messageId ? -1 : 1;
  if (order === 0) return inclusive;
  return reversed ? order > 0 : order < 0;
}
