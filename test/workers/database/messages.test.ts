import { beforeAll, describe, expect, test } from "vitest";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import { Archive } from "../../../src/database/messages/archive.ts";
import { BUCKETS } from "../../../src/database/messages/buckets.ts";
import {
  type ArchivedMessage,
  type ArchiveRequest,
  messagesOfApp,
  messagesSentBy,
} from "../../../src/database/messages/history.ts";
import { saveMessages } from "../../../src/database/messages/save.ts";
import { saveHold } from "../../../src/database/retention/holds.ts";
import type { MessageRecord } from "../../../src/model/records.ts";
import { conversation } from "../../support/records.ts";
import { database } from "../support/world.ts";
import { message, WatchedDatabase } from "./database.ts";

/** What the app's server reads of everybody's history (http-api §3), from D1. */

let db: D1Database;
beforeAll(async () => {
  db = await database();
  for (const [id, messages] of Object.entries(said)) {
    await saveConversation(db, conversation(id));
    await saveMessages(Archive.of(db), id, messages);
  }
});

/** Three conversations; at 40 something is said in each, with ids in another order than the conversations. */
const said: Record<string, MessageRecord[]> = {
  pairChat: [
    message(10, { id: "k1", from: "tom" }),
    message(40, { id: "m1", from: "tom" }),
    message(50, { id: "k3", from: "jerry", recipients: ["tom"], address: "192.0.2.1" }),
  ],
  larder: [
    message(20, { id: "l1", from: "jerry" }),
    message(40, { id: "m2", from: "tom" }),
    message(60, { id: "l3", from: "tom", content: new Uint8Array([1, 2]), patchedAt: 70 }),
  ],
  attic: [message(30, { id: "a1", from: "tom" }), message(40, { id: "m3", from: "jerry" })],
};

const inOrder = ["k1", "l1", "a1", "m1", "m2", "m3", "k3", "l3"];
const ofTom = ["k1", "a1", "m1", "m2", "l3"];

function request(fields: Partial<ArchiveRequest>): ArchiveRequest {
  return { start: undefined, end: undefined, reversed: false, limit: 100, since: 0, ...fields };
}

const at = (timestamp: number, messageId?: string, inclusive = false) => ({
  timestamp,
  messageId,
  inclusive,
});

const ids = (messages: ArchivedMessage[]) => messages.map(({ id }) => id);
const all = async (fields: Partial<ArchiveRequest>) =>
  ids(await messagesOfApp(Archive.of(db), request(fields)));
const toms = async (fields: Partial<ArchiveRequest>) =>
  ids(await messagesSentBy(Archive.of(db), "tom", request(fields)));

test("[http §3] messages of the app come newest first, or oldest first when reversed, with their conversations", async () => {
  expect(await all({})).toEqual(inOrder.toReversed());
  expect(await all({ reversed: true })).toEqual(inOrder);
  const [newest, next] = await messagesOfApp(Archive.of(db), request({}));
  expect(newest).toEqual({ ...said.larder?.[2], conversationId: "larder" });
  expect(next).toEqual({ ...said.pairChat?.[2], conversationId: "pairChat" });
});

test("[http §3] a query for the messages of one client returns no others", async () => {
  expect(await toms({})).toEqual(ofTom.toReversed());
  expect(await toms({ reversed: true })).toEqual(ofTom);
  expect(ids(await messagesSentBy(Archive.of(db), "nobody", request({})))).toEqual([]);
  expect(ids(await messagesSentBy(Archive.of(db), "' OR 1 = 1 --", request({})))).toEqual([]);
});

describe("[B-30] messages that are kept from a time on", () => {
  test("[B-30] lists of the app's history end where messages are kept", async () => {
    expect(await all({ since: 40 })).toEqual(["l3", "k3", "m3", "m2", "m1"]);
    expect(await all({ since: 40, reversed: true, limit: 2 })).toEqual(["m1", "m2"]);
    expect(await all({ since: 40, start: at(40), limit: 2 })).toEqual([]);
    expect(await toms({ since: 41 })).toEqual(["l3"]);
  });

  test("[B-30] lists of the app's history have all of a conversation that is on hold", async () => {
    await saveHold(db, "attic", { since: 1, reason: "a court asked for it" });
    expect(await all({ since: 45 })).toEqual(["l3", "k3", "m3", "a1"]);
    expect(await toms({ since: 45, reversed: true })).toEqual(["a1", "l3"]);
    await db.prepare("DELETE FROM holds").run();
    expect(await all({ since: 45 })).toEqual(["l3", "k3"]);
  });
});

// The table of http-api §3, with k1, l1 and a1 for its messages 1, 2 and 3.
test.each([
  { from: 30, to: 10, start: false, stop: false, reversed: false, expected: ["l1"] },
  { from: 30, to: 10, start: true, stop: false, reversed: false, expected: ["a1", "l1"] },
  { from: 30, to: 10, start: false, stop: true, reversed: false, expected: ["l1", "k1"] },
  { from: 10, to: 30, start: false, stop: false, reversed: true, expected: ["l1"] },
  { from: 10, to: 30, start: true, stop: false, reversed: true, expected: ["k1", "l1"] },
  { from: 10, to: 30, start: false, stop: true, reversed: true, expected: ["l1", "a1"] },
])(
  "[http §3] messages from $from to $to, including start $start, stop $stop, reversed $reversed, are $expected",
  async ({ from, to, start, stop, reversed, expected }) => {
    const bounds = { start: at(from, undefined, start), end: at(to, undefined, stop), reversed };
    expect(await all(bounds)).toEqual(expected);
    const known: Record<number, string> = { 10: "k1", 30: "a1" };
    const exact = { start: at(from, known[from], start), end: at(to, known[to], stop), reversed };
    expect(await all(exact)).toEqual(expected);
  },
);

test("[http §3] a query for messages whose bounds are reversed returns nothing", async () => {
  expect(await all({ start: at(10), end: at(30) })).toEqual([]);
  expect(await all({ start: at(30), end: at(10), reversed: true })).toEqual([]);
});

describe("[http §3] messages of one millisecond in several conversations", () => {
  test("[http §3] messages of one millisecond in several conversations are in the order of their ids, and a bound among them is exact", async () => {
    expect(await all({ start: at(40, "m2") })).toEqual(["m1", "a1", "l1", "k1"]);
    expect(await all({ start: at(40, "m2", true), end: at(30, "a1", true) })).toEqual(["m2", "m1", "a1"]);
    expect(await all({ start: at(40, "m2"), reversed: true })).toEqual(["m3", "k3", "l3"]);
    expect(await all({ start: at(40) })).toEqual(["a1", "l1", "k1"]);
    expect(await toms({ start: at(40, "m3"), end: at(40, "m2", true) })).toEqual(["m2"]);
  });

  test.each([
    [true, 1],
    [true, 2],
    [true, 3],
    [false, 1],
    [false, 2],
    [false, 3],
  ])(
    "[http §3] messages of one millisecond in several conversations are paged without loss or repetition (reversed %s, pages of %i)",
    async (reversed, limit) => {
      for (const [whose, whole] of [
        [messagesOfApp, inOrder],
        [(of: Archive, wanted: ArchiveRequest) => messagesSentBy(of, "tom", wanted), ofTom],
      ] as const) {
        const seen: string[] = [];
        for (let start: ArchiveRequest["start"]; ; ) {
          const page = await whose(Archive.of(db), request({ start, reversed, limit }));
          seen.push(...ids(page));
          const last = page.at(-1);
          if (last === undefined) break;
          start = at(last.timestamp, last.id);
        }
        expect(seen).toEqual(reversed ? whole : whole.toReversed());
      }
    },
  );
});

describe("a page costs a few rows for each bucket and for what it holds, however long the history", () => {
  beforeAll(async () => {
    await saveConversation(db, conversation("long"));
    const lines = Array.from({ length: 3_000 }, (_, index) =>
      message(1_000 + index, { from: index % 3 === 0 ? "spike" : `tyke-${index % 100}` }),
    );
    await saveMessages(Archive.of(db), "long", lines);
  });

  const middle = request({ start: at(2_500, "x"), end: at(1_100), limit: 20 });

  test.each<[string, (watched: D1Database) => Promise<ArchivedMessage[]>]>([
    ["all", (watched) => messagesOfApp(Archive.of(watched), middle)],
    [
      "all, reversed",
      (watched) => messagesOfApp(Archive.of(watched), request({ reversed: true, limit: 20 })),
    ],
    ["one sender's", (watched) => messagesSentBy(Archive.of(watched), "spike", middle)],
    [
      "one sender's, unbounded",
      (watched) => messagesSentBy(Archive.of(watched), "spike", request({ limit: 20 })),
    ],
  ])(
    "a page of %s costs a few rows for each bucket and for what it holds, however long the history",
    async (_, work) => {
      const watched = new WatchedDatabase(db);
      expect(await work(watched)).toHaveLength(20);
      const searches = (await watched.plans()).filter((step) => /SEARCH (each|m)\b/.test(step));
      expect(searches).not.toEqual([]);
      for (const step of searches) expect(step).toContain("USING PRIMARY KEY (bucket=? AND timestamp");
      expect(await watched.rowsReadAgain()).toBeLessThan(5 * BUCKETS);
    },
  );
});
