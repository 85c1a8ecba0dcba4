import { runInDurableObject } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { conversationTables } from "../../src/conversation/conversation-tables.ts";
import { Log } from "../../src/conversation/log/log.ts";
import type { Sql } from "../../src/sql.ts";
import { pageOf } from "../support/records.ts";
import { world } from "./support/world.ts";

/** What looking something up in a long conversation costs, in rows that SQLite reads. */

const MESSAGES = 30_000;
/** When the first message was sent; the next ones follow one by one. */
const FIRST = 1_000_000;
const LAST = FIRST + MESSAGES - 1;

/** Does something with the log of one conversation; how many rows were read for it. */
async function readFor<Outcome>(
  name: string,
  run: (log: Log, sql: Sql) => Outcome,
): Promise<[Outcome, number]> {
  const stub = world.CONVERSATIONS.getByName(name);
  return runInDurableObject(stub, (_, { storage }) => {
    const cursors: { rowsRead: number }[] = [];
    const sql: Sql = {
      exec: (query, ...bindings) => {
        const cursor = storage.sql.exec<never>(query, ...bindings);
        cursors.push(cursor);
        return cursor;
      },
    };
    const log = new Log(sql);
    cursors.length = 0;
    const outcome = run(log, sql);
    return [outcome, cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0)] as [Outcome, number];
  });
}

let conversations = 0;
let chat = "";

/** Tom says everything, but the messages at these places are Jerry's. */
async function fill(jerrys: number[], content = "hi", mentions: string[] = []): Promise<void> {
  conversations += 1;
  chat = `long conversation ${conversations}`;
  await runInDurableObject(world.CONVERSATIONS.getByName(chat), (_, { storage: { sql } }) => {
    conversationTables(sql).create("conversation", "members", "messages", "notices");
    sql.exec(
      "WITH RECURSIVE places (at) AS (SELECT 0 UNION ALL SELECT at + 1 FROM places WHERE at < ?) " +
        "INSERT INTO messages (timestamp, id, sender, token, origin, content, mentions, flags) " +
        "SELECT ? + at, at, 'tom', NULL, 0, ?, ?, 0 FROM places",
      MESSAGES - 1,
      FIRST,
      content,
      mentions.length === 0 ? null : JSON.stringify(mentions),
    );
    for (const at of jerrys) sql.exec("UPDATE messages SET sender = 'jerry' WHERE timestamp = ?", FIRST + at);
  });
}

const page = {
  direction: "older",
  start: undefined,
  end: undefined,
  limit: 20,
  messageType: undefined,
} as const;

describe("[I13] in a conversation of 30,000 messages", () => {
  beforeAll(() => fill([0]));

  test("[I13] an acknowledgement of old times by the author of all messages reads a bounded number of rows", async () => {
    const [next, rows] = await readFor(chat, (log) => log.fromOthers.next("tom", 1));
    expect(next).toBe(FIRST);
    expect(rows).toBeLessThan(5_000);
    const [after, more] = await readFor(chat, (log) => log.fromOthers.next("tom", FIRST));
    // Nothing up to there: a receipt's time is before what it does not cover.
    expect(after).toBe(FIRST + 2_001);
    expect(more).toBeLessThan(5_000);
  });

  test("[I13] receipts, missed messages and the last message are searched in a bounded number of rows", async () => {
    const [receipts, first] = await readFor(chat, (log) =>
      log.fromOthers.askingForReceipt("jerry", 0, LAST, 50),
    );
    expect(receipts).toEqual([]);
    expect(first).toBeLessThan(5_000);
    const [missed, second] = await readFor(chat, (log) => log.fromOthers.newest("tom", 0, LAST, 20));
    expect(missed).toEqual({ messages: [], more: true });
    expect(second).toBeLessThan(5_000);
    const [last, third] = await readFor(chat, (log, sql) => {
      sql.exec("UPDATE messages SET flags = 8 WHERE timestamp > ?", FIRST + 100);
      const found = log.lastVisible();
      sql.exec("UPDATE messages SET flags = 0");
      return found;
    });
    expect(last).toBeUndefined();
    expect(third).toBeLessThan(2 * MESSAGES + 5_000); // the two changes included
  });

  test("[I5] an unread count is exact up to ten thousand messages", async () => {
    const [exact, rows] = await readFor(chat, (log) => log.unread("jerry", LAST - 9_000));
    expect(exact).toEqual({ count: 9_000, mentioned: false });
    expect(rows).toBeLessThan(25_000);
    const [most, more] = await readFor(chat, (log) => log.unread("jerry", 0));
    expect(most).toEqual({ count: 10_000, mentioned: false });
    expect(more).toBeLessThan(25_000);
  });

  test("[I5] a read cursor that moves a little counts only the messages it passed", async () => {
    const [counts, rows] = await readFor(chat, (log) => {
      const from = LAST - 9_000;
      return Array.from({ length: 100 }, (_, at) => log.unread("jerry", from + at).count);
    });
    expect(counts).toEqual(Array.from({ length: 100 }, (_, at) => 9_000 - at));
    expect(rows).toBeLessThan(60_000); // 20,000 for the first, a block of 250 at most for each other
    const [far, few] = await readFor(chat, (log) =>
      Array.from({ length: 100 }, (_, at) => log.unread("jerry", FIRST + at).count),
    );
    expect(new Set(far)).toEqual(new Set([10_000]));
    expect(few).toBeLessThan(25_000);
  });

  test("[I13] a page of history reads few more rows than it has, and one of an absent type reads them in turns", async () => {
    const [newest, rows] = await readFor(chat, (log) => pageOf(log, page, "jerry"));
    expect(newest.map(({ timestamp }) => timestamp)).toEqual(
      Array.from({ length: 20 }, (_, at) => LAST - 19 + at),
    );
    expect(rows).toBeLessThan(100);
    const [turns, all] = await readFor(chat, (log) => {
      const search = log.history.inSlices({ ...page, messageType: 7 }, "jerry");
      let count = 1;
      for (let turn = search.next(); !turn.done; turn = search.next()) count += 1;
      return count;
    });
    expect(turns).toBeGreaterThan(MESSAGES / 250);
    expect(all).toBeLessThan(3 * MESSAGES);
  });

  test("[I13] a page of history with an end reads no row beyond it", async () => {
    const end = { timestamp: LAST - 100, messageId: undefined, inclusive: true };
    const [found, rows] = await readFor(chat, (log) =>
      pageOf(log, { ...page, end, messageType: 7 }, "jerry"),
    );
    expect(found).toEqual([]);
    expect(rows).toBeLessThan(1_000);
  });

  test("[I13] a page of one type is complete, however far its messages are apart", async () => {
    const places = [5, 11_111, 29_998];
    await readFor(chat, (_, sql) => {
      for (const at of places) {
        sql.exec(`UPDATE messages SET content = '{"_lctype":-2}' WHERE timestamp = ?`, FIRST + at);
      }
    });
    const times = places.map((at) => FIRST + at);
    for (const direction of ["older", "newer"] as const) {
      const [found] = await readFor(chat, (log) =>
        pageOf(log, { ...page, direction, messageType: -2 }, "jerry"),
      );
      expect(found.map(({ timestamp }) => timestamp)).toEqual(times);
    }
    const [one] = await readFor(chat, (log) => pageOf(log, { ...page, limit: 2, messageType: -2 }, "jerry"));
    expect(one.map(({ timestamp }) => timestamp)).toEqual(times.slice(1));
  });
});

describe("[I5] a count that is kept up", () => {
  beforeEach(() => fill([10, 20]));

  const message = (timestamp: number, from: string, mentions: string[] = []) => {
    const plain = {
      patchedAt: undefined,
      content: "x",
      mentionAll: false,
      receipt: false,
      recalled: false,
      recipients: undefined,
      deleted: false,
    };
    return { ...plain, timestamp, id: `${timestamp}`, from, mentions, address: undefined };
  };

  test("[I5] a kept unread count follows messages, reads, edits, deletions and mentions", async () => {
    await readFor(chat, (log) => {
      const fresh = (after: number) => {
        const others = log.after(after, 40_000).map((entry) => entry.message);
        const counted = others.filter(({ from, deleted }) => from !== "jerry" && !deleted);
        return {
          count: counted.length,
          mentioned: counted.some(({ mentions }) => mentions.includes("jerry")),
        };
      };
      let mark = LAST - 5;
      const check = () => expect(log.unread("jerry", mark)).toEqual(fresh(mark));
      check();
      log.append(message(LAST + 1, "tom"), undefined, 0);
      check();
      log.append(message(LAST + 2, "jerry"), undefined, 0);
      log.append(message(LAST + 3, "tom", ["spike", "jerry"]), undefined, 0);
      check();
      mark = LAST - 2;
      check();
      log.patched.rewrite({ ...message(LAST + 3, "tom"), patchedAt: LAST + 4 });
      check();
      log.patched.delete(LAST + 1, LAST + 5);
      check();
      mark = LAST + 1;
      check();
      log.append(message(LAST + 6, "tom", ['"jerry']), undefined, 0);
      check();
      mark = LAST + 6;
      check();
      log.append(message(LAST + 7, "tom"), undefined, 0);
      check();
    });
  });
});

test("[I13] an unread count stops sooner if messages mention many clients", async () => {
  await fill(
    [],
    "hi",
    Array.from({ length: 500 }, (_, at) => `person ${at}`.padEnd(40)),
  );
  const [{ count }, rows] = await readFor(chat, (log) => log.unread("jerry", 0));
  expect(count).toBe(250);
  expect(rows).toBeLessThan(2_000);
});
