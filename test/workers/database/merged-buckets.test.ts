import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import { Archive } from "../../../src/database/messages/archive.ts";
import { bucketOf } from "../../../src/database/messages/buckets.ts";
import {
  type ArchivedMessage,
  conversationOfMessage,
  messagesOfApp,
  messagesSentBy,
} from "../../../src/database/messages/history.ts";
import { importToArchive } from "../../../src/database/messages/import.ts";
import { saveMessages } from "../../../src/database/messages/save.ts";
import { conversation } from "../../support/records.ts";
import { database } from "../support/world.ts";
import { message, WatchedDatabase } from "./database.ts";

/** The order of history across buckets, weeks and conversations. */

const WEEK = 2 ** 29;
const START = 3_000 * WEEK;
const senders = ["bot", ...Array.from({ length: 40 }, (_, serial) => `user-${serial}`)];
const saved: ArchivedMessage[] = [];
let archive: Archive;

beforeAll(async () => {
  archive = Archive.of(await database());
  for (let room = 0; room < 6; room++) {
    const id = `room-${room}`;
    await saveConversation(archive.index, conversation(id));
    // Twelve weeks with some quiet ones, and milliseconds in which all rooms say something.
    const times = Array.from({ length: 50 }, (_, at) => START + Math.floor((at * at * WEEK) / 200));
    const records = [...new Set(times)].map((time, at) => {
      const from = at % 3 === 0 ? "bot" : (senders[(at * 7 + room * 11) % senders.length] ?? "bot");
      return message(time, { id: `${(at * 31 + room * 17) % 10}é-${room}-${at}`, from });
    });
    await saveMessages(archive, id, records);
    saved.push(...records.map((record) => ({ ...record, conversationId: id })));
  }
  const utf8 = new TextEncoder();
  const hex = (text: string) => Array.from(utf8.encode(text), (byte) => byte.toString(16)).join();
  saved.sort((one, other) => one.timestamp - other.timestamp || (hex(one.id) < hex(other.id) ? -1 : 1));
});

test("the messages of these tests are in many buckets, and some of them are of one millisecond", () => {
  expect(new Set(saved.slice(0, 6).map(({ timestamp }) => timestamp)).size).toBe(1);
  expect(new Set(saved.map(({ from, timestamp }) => bucketOf(from, timestamp))).size).toBeGreaterThan(50);
});

test("pages merged from buckets are in the order of time and id, in both directions and between any two messages", async () => {
  const place = fc.option(fc.constantFrom(...saved), { nil: undefined });
  const property = fc.asyncProperty(
    fc.record({
      reversed: fc.boolean(),
      limit: fc.integer({ min: 1, max: 40 }),
      from: place,
      to: place,
      named: fc.boolean(),
      inclusive: fc.boolean(),
      sender: fc.constantFrom(undefined, ...senders.slice(0, 5), "nobody"),
    }),
    async ({ reversed, limit, from, to, named, inclusive, sender }) => {
      const point = (each: ArchivedMessage | undefined) =>
        each && { timestamp: each.timestamp, messageId: named ? each.id : undefined, inclusive };
      const request = { start: point(from), end: point(to), reversed, limit, since: 0 };
      const page = await (sender === undefined
        ? messagesOfApp(archive, request)
        : messagesSentBy(archive, sender, request));
      const order = (each: ArchivedMessage, other: ArchivedMessage) =>
        named ? saved.indexOf(each) - saved.indexOf(other) : each.timestamp - other.timestamp;
      const direction = reversed ? 1 : -1;
      const isWithin = (each: ArchivedMessage, at: ArchivedMessage | undefined, side: number) =>
        at === undefined || order(each, at) * side > 0 || (inclusive && order(each, at) === 0);
      const expected = (reversed ? saved : saved.toReversed())
        .filter((each) => sender === undefined || each.from === sender)
        .filter((each) => isWithin(each, from, direction) && isWithin(each, to, -direction))
        .slice(0, limit);
      expect(page).toEqual(expected);
    },
  );
  await fc.assert(property, { numRuns: 80 });
});

test("the conversation of a message is found by its time and id, whoever sent it", async () => {
  for (const { id, timestamp, conversationId } of saved.slice(0, 20))
    expect(await conversationOfMessage(archive, { messageId: id, timestamp })).toBe(conversationId);
});

test("a page among thousands of messages of one millisecond reads each of them a few times, not once for each other", async () => {
  const count = 3_000;
  const at = START - WEEK;
  const numbers = Array.from({ length: count }, (_, number) => number);
  const rows = numbers.map((number) => ({
    ...message(at, { id: `${String((number * 7) % count).padStart(4, "0")}`, from: "bot" }),
    conversationId: `customer-${number}`,
  }));
  await importToArchive(archive, rows, []);
  const watched = new WatchedDatabase(archive.index);
  const until = { timestamp: START - 1, messageId: undefined, inclusive: true };
  const request = { start: undefined, end: until, reversed: true, limit: 1_000, since: 0 };
  const page = await messagesSentBy(Archive.of(watched), "bot", request);
  expect(page.map(({ id }) => Number(id))).toEqual(numbers.slice(0, 1_000));
  expect(await watched.rowsReadAgain()).toBeLessThan(8 * count);
});
