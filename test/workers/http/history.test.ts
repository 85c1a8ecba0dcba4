import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { named } from "../../support/chat.ts";
import { acknowledge, caughtUp } from "../support/commands.ts";
import { archived, archivedAs, breakTable, repair, work } from "../support/d1.ts";
import {
  conversationOf,
  done,
  type Logged,
  messagesOf,
  outcome,
  pathOf,
  rest,
  type Sent,
  saidBy,
} from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { openWorld } from "../support/world.ts";
import { read, texts, withTexts } from "./history-calls.ts";

/** What was said, as the app's server reads it: one conversation's from its object, the rest from D1 (http-api §3). */

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
});

const HOUR = 60 * 60 * 1000;
const COMPLETE_UNTIL = "X-Parley-Complete-Until";

describe("[http-api §3] the table of bounds, for messages 1, 2 and 3", () => {
  let messages: Record<"1" | "2" | "3", Sent>;
  const paths: Record<string, string> = {};

  beforeAll(async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await conversationOf([tom, jerry]);
    messages = {
      1: await saidBy(tom, id, "1"),
      2: await saidBy(tom, id, "2"),
      3: await saidBy(tom, id, "3"),
    };
    await archivedAs(id, ["1", "2", "3"]);
    paths["one conversation"] = messagesOf(id);
    paths["one client"] = `/1.2/rtm/clients/${tom}/messages`;
    paths["the whole app"] = "/1.2/rtm/messages";
    paths["one conversation, 1.1"] = `/1.1/rtm/messages/history?convid=${id}`;
    paths["one client, 1.1"] = `/1.1/rtm/messages/history?from=${tom}`;
    paths["the whole app, 1.1"] = "/1.1/rtm/messages/history";
    paths["one conversation, 1.1 logs"] = `/1.1/rtm/messages/logs?convid=${id}`;
  });

  const table = [
    { start: "3", end: "1", flags: {}, result: ["2"] },
    { start: "3", end: "1", flags: { include_start: "true" }, result: ["3", "2"] },
    { start: "3", end: "1", flags: { include_stop: "true" }, result: ["2", "1"] },
    { start: "1", end: "3", flags: { reversed: "true" }, result: ["2"] },
    { start: "1", end: "3", flags: { include_start: "true", reversed: "true" }, result: ["1", "2"] },
    { start: "1", end: "3", flags: { include_stop: "true", reversed: "true" }, result: ["2", "3"] },
  ] as const;

  const rows = [
    ...["one conversation", "one client", "the whole app"],
    ...["one conversation, 1.1", "one client, 1.1", "the whole app, 1.1", "one conversation, 1.1 logs"],
  ].flatMap((source) => table.map((row) => ({ source, ...row })));

  test.each(rows)(
    "[http-api §3] history of $source from $start to $end with $flags has $result",
    async (row) => {
      const { "msg-id": msgid, timestamp } = messages[row.start];
      const { "msg-id": till_msgid, timestamp: till_timestamp } = messages[row.end];
      const path = paths[row.source] ?? "";
      const ask = async (query: object) => {
        const parameters = new URLSearchParams(withTexts({ ...query, ...row.flags }));
        return texts(await done<Logged[]>("GET", `${path}${path.includes("?") ? "&" : "?"}${parameters}`));
      };
      expect(await ask({ timestamp, till_timestamp })).toEqual(row.result);
      expect(await ask({ timestamp, msgid, till_timestamp, till_msgid })).toEqual(row.result);
    },
  );
});

describe("[http-api §3] [A-06] messages of one millisecond in several conversations", () => {
  let tom: string;
  let start: number;
  const all: string[] = [];

  beforeAll(async () => {
    [tom] = named("tom");
    // An hour ahead nobody else says anything.
    start = Date.now() + HOUR;
    const ids = await Promise.all([1, 2, 3].map(() => conversationOf([tom])));
    const clock = vi.spyOn(Date, "now");
    const said: Sent[] = [];
    for (const at of [0, 1, 2]) {
      clock.mockReturnValue(start + at);
      for (const id of ids) said.push(await saidBy(tom, id, `${at}`));
    }
    clock.mockRestore();
    expect(new Set(said.map(({ timestamp }) => timestamp)).size).toBe(3);
    for (const id of ids) await archivedAs(id, ["0", "1", "2"]);
    const inOrder = said.toSorted(
      (a, b) => a.timestamp - b.timestamp || (a["msg-id"] < b["msg-id"] ? -1 : 1),
    );
    all.push(...inOrder.map((message) => message["msg-id"]));
  });

  test.each(
    ["one client", "the whole app"].flatMap((source) =>
      [true, false].flatMap((reversed) => [1, 2, 4].map((limit) => ({ source, reversed, limit }))),
    ),
  )(
    "[http-api §3] messages of one millisecond of $source are paged without loss: reversed $reversed, pages of $limit",
    async (how) => {
      const path = how.source === "one client" ? `/1.2/rtm/clients/${tom}/messages` : "/1.2/rtm/messages";
      const limit = String(how.limit);
      const seen: string[] = [];
      let point: Record<string, string> = how.reversed ? { timestamp: String(start - 1) } : {};
      for (;;) {
        const end: Record<string, string> = how.reversed
          ? { reversed: "true" }
          : { till_timestamp: String(start - 1) };
        const page = await read(path, { limit, ...end, ...point });
        seen.push(...page.map((message) => message["msg-id"]));
        const last = page.at(-1);
        if (last === undefined) break;
        point = { timestamp: String(last.timestamp), msgid: last["msg-id"] };
      }
      expect(seen).toEqual(how.reversed ? all : all.toReversed());
    },
  );
});

describe("[http-api §3] a conversation's history", () => {
  test("[http-api §3] a record of history has the documented fields, from the object and from D1", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await conversationOf([tom, jerry]);
    const toms = await WorkerdDevice.of(tom, { headers: { "cf-connecting-ip": "203.0.113.7" } });
    const jerrys = await WorkerdDevice.of(jerry);
    await caughtUp(id, toms, jerrys);
    const binaryMsg = new Uint8Array([0, 255]);
    const { ackMessage } = await toms.ask({
      cmd: "direct",
      directMessage: { cid: id, binaryMsg, r: true },
    });
    await jerrys.push("direct");
    acknowledge(jerrys, id, { mid: ackMessage?.uid ?? "" });
    await toms.push("rcp");
    const said = await saidBy(tom, id, "Hello");
    const common = { from: tom, to: id, "conv-id": id, "is-conv": true, "is-room": false };
    const [text, bytes] = await read(messagesOf(id));
    expect(text).toEqual({ ...common, ...said, data: "Hello", bin: false });
    expect(bytes).toEqual({
      ...common,
      "msg-id": ackMessage?.uid,
      timestamp: Number(ackMessage?.t),
      data: "AP8=",
      bin: true,
      "from-ip": "203.0.113.7",
      "ack-at": expect.any(Number),
    });
    await archivedAs(id, [null, "Hello"]);
    const { "ack-at": _, ...withoutReceipt } = { "ack-at": 0, ...bytes };
    expect(await read(`/1.2/rtm/clients/${tom}/messages`)).toEqual([text, withoutReceipt]);
  });

  test("[http-api §3] history says of a chat room's messages that they are a room's, by every path to it", async () => {
    const { objectId: id } = await done<{ objectId: string }>("POST", "/1.2/rtm/chatrooms", {
      name: "Kitchen",
    });
    await done("POST", `/1.2/rtm/chatrooms/${id}/messages`, { from_client: "Tom", message: "Hello" });
    const paths = [`/1.2/rtm/chatrooms/${id}/messages`, `/1.1/rtm/messages/history?convid=${id}`];
    for (const path of paths) expect(await done("GET", path)).toMatchObject([{ "is-room": true }]);
  });

  test("[http-api §3] history tells the owner when a message was edited", async () => {
    const [tom] = named("tom");
    const id = await conversationOf([tom]);
    const [edited] = [await saidBy(tom, id, "one"), await saidBy(tom, id, "two")];
    const change = { from_client: tom, timestamp: edited.timestamp, message: "1" };
    await done("PUT", pathOf(id, edited), change);
    const [two, one] = await read(messagesOf(id));
    expect(one).toMatchObject({ data: "1", "patched-at": expect.any(Number) });
    expect(two).not.toHaveProperty("patched-at");
  });

  test.each([
    ["", 100],
    ["limit=7", 7],
    ["limit=0", 100],
    ["limit=-1", 100],
    ["limit=1001", 100],
    ["limit=1000", 105],
  ])("[http-api §3] history with %j has the newest %i of 105 messages", async (query, count) => {
    const [tom] = named("tom");
    const id = await conversationOf([tom]);
    const toms = await WorkerdDevice.of(tom);
    for (let at = 0; at < 105; at += 1) {
      toms.send({ cmd: "direct", peerId: tom, i: 1_000 + at, directMessage: { cid: id, msg: `${at}` } });
    }
    await toms.answer(1_104);
    const newest = Array.from({ length: count }, (_, at) => `${104 - at}`);
    expect(texts(await read(messagesOf(id), query))).toEqual(newest);
  });

  test.each([
    ...["msgid=a", "till_msgid=a", "limit=x", "timestamp=yesterday", "reversed=maybe", "timestamp=-1"],
    ...["include_start=2", "timestamp=1&timestamp=2", "till_timestamp=1e3"],
  ])("[http-api §3] history with %s is refused on every route", async (query) => {
    const id = await conversationOf(["Tom"]);
    for (const path of [messagesOf(id), "/1.2/rtm/messages", "/1.2/rtm/clients/Tom/messages"]) {
      expect(await outcome(rest("GET", `${path}?${query}`))).toBe("400 1");
    }
    expect(await outcome(rest("GET", `/1.1/rtm/messages/history?convid=${id}&${query}`))).toBe("400 1");
  });

  test("[http-api §3] [A-08] history accepts a time and a flag as Python writes them", async () => {
    const [tom] = named("tom");
    const id = await conversationOf([tom]);
    const [one] = [await saidBy(tom, id, "one"), await saidBy(tom, id, "two")];
    const query = `convid=${id}&max_ts=${one.timestamp}.0&include_start=True&reversed=True&limit=5`;
    expect(texts(await read("/1.1/rtm/messages/history", query))).toEqual(["one", "two"]);
  });
});

describe("[I11] history from D1 and the time up to which it is complete", () => {
  const until = async () => {
    const response = await rest("GET", "/1.2/rtm/messages?limit=1");
    return Number(response.headers.get(COMPLETE_UNTIL));
  };

  test.each([
    "/1.2/rtm/messages",
    "/1.2/rtm/clients/Tom/messages",
    "/1.1/rtm/messages/history",
    "/1.1/rtm/messages/history?from=Tom",
    "/1.1/rtm/messages/logs/",
  ])(
    "[I11] %s is not complete up to now, because the newest messages are still being copied",
    async (path) => {
      const before = Date.now();
      const response = await rest("GET", path);
      const complete = Number(response.headers.get(COMPLETE_UNTIL));
      expect(complete).toBeGreaterThan(before - 300_000);
      expect(complete).toBeLessThan(before);
    },
  );

  test("[I11] history from D1 is complete only up to what a conversation could not copy yet", async () => {
    const [tom] = named("tom");
    const id = await conversationOf([tom]);
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await breakTable("messages");
    const { timestamp } = await saidBy(tom, id, "late");
    await work(id);
    await repair();
    // Five minutes later everything else is complete long since.
    const clock = vi.spyOn(Date, "now").mockReturnValue(timestamp + 300_000);
    expect(await until()).toBeLessThan(timestamp);
    clock.mockRestore();
    await archivedAs(id, ["late"]);
    vi.spyOn(Date, "now").mockReturnValue(timestamp + 300_000);
    await expect.poll(until).toBeGreaterThan(timestamp);
  });

  test("[I11] while D1 fails, history of a conversation comes from its object, and history from D1 is answered with 503", async () => {
    const [tom] = named("tom");
    const id = await conversationOf([tom]);
    await saidBy(tom, id, "hello");
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await breakTable("messages");
    expect(texts(await read(messagesOf(id)))).toEqual(["hello"]);
    expect(texts(await read("/1.1/rtm/messages/history", `convid=${id}`))).toEqual(["hello"]);
    const down = [
      ...["/1.2/rtm/messages", `/1.2/rtm/clients/${tom}/messages`],
      ...["/1.1/rtm/messages/history", `/1.1/rtm/messages/logs?from=${tom}`],
    ];
    for (const path of down) {
      const response = await rest("GET", path);
      expect(response.status).toBe(503);
      expect(await response.json()).toEqual({ code: 503, error: expect.not.stringContaining("messages") });
    }
    expect(log).toHaveBeenCalledTimes(down.length);
  });
});

test("[I8] [B-21] D1 has every message once, and no transient one", async () => {
  const [tom] = named("tom");
  const id = await conversationOf([tom]);
  await saidBy(tom, id, "typing", { transient: true });
  await saidBy(tom, id, "hello");
  await archivedAs(id, ["hello"]);
  await work(id);
  expect(await archived(id)).toHaveLength(1);
});
