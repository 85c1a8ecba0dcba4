import { beforeAll, describe, expect, test } from "vitest";
import { history, logs, named, query, say, start, update } from "../../support/chat.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { done, type Logged, messagesOf, outcome, pathOf, rest, unreadOf } from "../support/rest.ts";
import { enter, roomOf } from "../support/rooms.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { maybeHibernate, openWorld } from "../support/world.ts";

/** Conversations, messages and unread counts of another service, as an import brings them. */

beforeAll(() => openWorld());

const CREATED = Date.parse("2025-06-01T08:00:00.000Z");
const LAST = Date.parse("2026-10-01T08:00:00.000Z");
const iso = (time: number) => new Date(time).toISOString();

const numbers = Array.from({ length: 10_000 }, (_, at) => `${at}`).values();
const next = () => numbers.next().value ?? "";
const newId = () => `65537a0e${next().padStart(16, "0")}`;
const newMessageId = () => `AYvOVgAAq3-NXrXVM${next().padStart(5, "0")}`;

/** A row of `_Conversation` as the hosted service exports it. */
function rowOf(members: string[], more: object = {}) {
  return {
    objectId: newId(),
    m: members,
    mu: [],
    c: members[0],
    name: "Cheese",
    attr: { holes: 3 },
    unique: false,
    tr: false,
    sys: false,
    kind: "b",
    lm: { __type: "Date", iso: iso(LAST) },
    ACL: { "*": { read: true } },
    createdAt: iso(CREATED),
    updatedAt: iso(CREATED + 1_000),
    ...more,
  };
}

/** A message as the hosted service's history has it. */
function messageOf(to: string, from: string, timestamp: number, data: string, more: object = {}) {
  return { to, from, timestamp, data, "msg-id": newMessageId(), "conv-id": to, bin: false, ...more };
}

type Rows = object[];

interface Answer {
  added: number;
  changed: number;
  kept: number;
  refused: { row: number; error: string }[];
}

const imported = (what: "conversations" | "messages" | "unread", results: Rows) =>
  done<Answer>("POST", `/admin/import/${what}`, { results });

async function importChat(members: string[], texts: string[], more: object = {}) {
  const row = rowOf(members, more);
  const messages = texts.map((text, at) =>
    messageOf(row.objectId, members[at % members.length] ?? "", LAST - texts.length + at, text),
  );
  expect(await imported("conversations", [row])).toEqual({ added: 1, changed: 0, kept: 0, refused: [] });
  expect(await imported("messages", messages)).toEqual({
    added: texts.length,
    changed: 0,
    kept: 0,
    refused: [],
  });
  return { row, messages, id: row.objectId };
}

describe("conversations", () => {
  test("an imported conversation keeps its id, its times and the app's own columns", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { id } = await importChat([tom, jerry], [], { mu: [jerry] });
    await maybeHibernate();
    const toms = await WorkerdDevice.of(tom);
    expect(await query(toms, { objectId: id })).toEqual([
      expect.objectContaining({
        objectId: id,
        c: tom,
        name: "Cheese",
        kind: "b",
        attr: { holes: 3 },
        m: [tom, jerry].toSorted(),
        mu: [jerry],
        createdAt: iso(CREATED),
        updatedAt: iso(CREATED + 1_000),
        lm: { __type: "Date", iso: iso(LAST) },
      }),
    ]);
  });

  test("importing a conversation again changes nothing, and what changed over there since comes", async () => {
    const [tom, jerry, mary] = named("tom", "jerry", "mary");
    const { row, id } = await importChat([tom, jerry], []);
    expect(await imported("conversations", [row])).toMatchObject({ added: 0, changed: 0, kept: 1 });
    const later = { ...row, m: [tom, mary], name: "Holes", updatedAt: iso(LAST) };
    expect(await imported("conversations", [later])).toMatchObject({ changed: 1 });
    await maybeHibernate();
    const toms = await WorkerdDevice.of(tom);
    const [found] = await query(toms, { objectId: id });
    expect(found).toMatchObject({
      name: "Holes",
      m: expect.arrayContaining([tom, mary]),
      updatedAt: iso(LAST),
    });
    const jerrys = await WorkerdDevice.of(jerry);
    expect(await query(jerrys, { m: jerry })).toEqual([]);
  });

  test("a change that was made here later than over there stays", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { row, id } = await importChat([tom, jerry], []);
    const toms = await WorkerdDevice.of(tom);
    await update(toms, id, { name: "Ours" });
    expect(await imported("conversations", [{ ...row, name: "Theirs", updatedAt: iso(LAST) }])).toMatchObject(
      {
        kept: 1,
      },
    );
    expect(await query(toms, { objectId: id })).toMatchObject([{ name: "Ours" }]);
  });

  test("an imported unique conversation is the one that its members find, and is not made twice", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { id } = await importChat([jerry, tom], [], { unique: true });
    await maybeHibernate();
    const toms = await WorkerdDevice.of(tom);
    expect(await start(toms, [tom, jerry], { unique: true })).toBe(id);
  });

  test("of two unique conversations of the same members, the one with the later message is found", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const rows = [LAST - 10, LAST, LAST - 5].map((lm) => rowOf([tom, jerry], { unique: true, lm: iso(lm) }));
    expect(await imported("conversations", rows)).toMatchObject({ added: 3 });
    const toms = await WorkerdDevice.of(tom);
    expect(await start(toms, [tom, jerry], { unique: true })).toBe(rows[1]?.objectId);
  });

  test("a row that is wrong is refused with its reason, and no other with it", async () => {
    const [tom] = named("tom");
    const rows = [
      rowOf([tom], { objectId: "no id" }),
      rowOf([tom], { m: "tom" }),
      rowOf([tom], { sys: "yes" }),
      rowOf([tom], { lm: Date.now() + 10 * 60_000 }),
      rowOf([tom], { createdAt: undefined }),
      rowOf([tom]),
    ];
    const answer = await imported("conversations", rows);
    expect(answer).toMatchObject({ added: 1 });
    expect(answer.refused).toMatchObject([
      { row: 0, error: "objectId: must be a conversation's id" },
      { row: 1, error: "m: must be a list" },
      { row: 2 },
      { row: 3, error: "lm: is in the future" },
      { row: 4 },
    ]);
  });

  test("messages come with their conversation in one request, and again change nothing", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const [row, wrong] = [rowOf([tom, jerry]), rowOf([tom], { m: "tom" })];
    const { id: elder } = await importChat([tom, jerry], ["before"]);
    const messages = [
      messageOf(row.objectId, tom, LAST - 2, "one"),
      messageOf(wrong.objectId, tom, LAST - 1, "to nobody"),
      messageOf(row.objectId, jerry, LAST, "two"),
      messageOf(elder, tom, LAST, "after"),
      messageOf(newId(), tom, LAST, "nowhere"),
      { ...messageOf(row.objectId, tom, LAST, "no time"), timestamp: "soon" },
    ];
    const body = { results: [wrong, row], messages };
    const importTogether = () =>
      done<Answer & { messages: Answer }>("POST", "/admin/import/conversations", body);
    const refused = [1, 4, 5].map((at) => ({ row: at, error: expect.any(String) }));
    expect(await importTogether()).toMatchObject({
      added: 1,
      refused: [{ row: 0 }],
      messages: { added: 3, changed: 0, kept: 0, refused },
    });
    await maybeHibernate();
    const again = { added: 0, kept: 1, messages: { added: 0, kept: 3, refused } };
    expect(await importTogether()).toMatchObject(again);
    const toms = await WorkerdDevice.of(tom);
    for (const [id, texts] of [
      [row.objectId, ["one", "two"]],
      [elder, ["before", "after"]],
    ] as const) {
      expect(await history(toms, id)).toEqual(texts);
      const archived = await done<Logged[]>("GET", messagesOf(id));
      expect(archived.map(({ data }) => data)).toEqual(texts.toReversed());
      expect(await unreadOf(jerry, id)).toBe(0);
    }
  });

  test("[R-01] an imported chat room has no members, keeps its history, and is entered and spoken in", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const row = rowOf([tom, jerry], { tr: true, unique: true });
    const messages = ["one", "two"].map((text, at) => messageOf(row.objectId, tom, LAST - 2 + at, text));
    const bring = () =>
      done<Answer & { messages: Answer }>("POST", "/admin/import/conversations", {
        results: [row],
        messages,
      });
    expect(await bring()).toMatchObject({ added: 1, refused: [], messages: { added: 2, refused: [] } });
    await maybeHibernate();
    expect(await bring()).toMatchObject({ added: 0, kept: 1, messages: { added: 0, kept: 2 } });
    const jerrys = await WorkerdDevice.of(jerry);
    const [found] = await query(jerrys, { objectId: row.objectId, tr: true });
    expect(found).toMatchObject({
      objectId: row.objectId,
      tr: true,
      name: "Cheese",
      c: tom,
      attr: { holes: 3 },
    });
    expect(await query(jerrys, { m: jerry })).toEqual([]);
    expect((await enter(jerrys, row.objectId)).convMessage).toMatchObject({ allowedPids: [jerry] });
    await say(jerrys, row.objectId, "three");
    expect(await history(jerrys, row.objectId)).toEqual(["one", "two", "three"]);
    const archived = await done<Logged[]>("GET", `/1.2/rtm/chatrooms/${row.objectId}/messages`);
    expect(archived.map(({ data }) => data)).toEqual(["three", "two", "one"]);
  });

  test("a conversation that is here keeps its kind, whatever a row says later", async () => {
    const [tom] = named("tom");
    const toms = await WorkerdDevice.of(tom);
    const room = await roomOf(toms);
    const row = rowOf([tom], { objectId: room, name: "no room", updatedAt: iso(Date.now() + 1_000) });
    expect(await imported("conversations", [row])).toMatchObject({ kept: 1 });
    expect(await query(toms, { objectId: room, tr: true })).toMatchObject([{ tr: true }]);
  });

  test("an import needs the master key", async () => {
    const request = rest("POST", "/admin/import/messages", { results: [] }, { "X-LC-Key": "parley-dev-key" });
    expect(await outcome(request)).toBe("401 401");
  });
});

describe("messages", () => {
  test("imported messages keep ids and times, and history goes on from them to new ones", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { id, messages } = await importChat([tom, jerry], ["1", "2", "3"]);
    await maybeHibernate();
    const toms = await WorkerdDevice.of(tom);
    await say(toms, id, "4");
    expect(await history(toms, id)).toEqual(["1", "2", "3", "4"]);
    const page = await logs(toms, id, { limit: 2, t: BigInt(LAST - 1), mid: messages[2]?.["msg-id"] ?? "" });
    expect(
      page.logsMessage?.logs.map(({ data, timestamp, msgId }) => [data, Number(timestamp), msgId]),
    ).toEqual(messages.slice(0, 2).map((each) => [each.data, each.timestamp, each["msg-id"]]));
  });

  test("importing messages again changes nothing, and an edit over there since comes", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { id, messages } = await importChat([tom, jerry], ["1", "2"]);
    expect(await imported("messages", messages)).toMatchObject({ added: 0, changed: 0, kept: 2 });
    const edited = messages.map((each, at) => (at === 0 ? { ...each, data: "one" } : each));
    expect(await imported("messages", edited)).toMatchObject({ changed: 1, kept: 1 });
    const toms = await WorkerdDevice.of(tom);
    expect(await history(toms, id)).toEqual(["one", "2"]);
    expect(await done<Logged[]>("GET", messagesOf(id))).toMatchObject([{ data: "2" }, { data: "one" }]);
    const sent = await done<Logged[]>("GET", `/1.2/rtm/clients/${tom}/messages`);
    expect(sent).toMatchObject([{ data: "one", timestamp: messages[0]?.timestamp }]);
  });

  test("a message that comes again with another sender is in the app's history once, from its first sender", async () => {
    const to = rowOf(["tom", "jerry"]);
    await imported("conversations", [to]);
    const said = messageOf(to.objectId, "tom", LAST, "hello");
    await imported("messages", [said]);
    const edited = { ...said, from: "jerry", data: "hi" };
    expect(await imported("messages", [edited])).toMatchObject({ changed: 1, refused: [] });
    const range = `timestamp=${LAST + 1}&till_timestamp=${LAST}&include_stop=true&limit=1000`;
    const all = await done<(typeof said)[]>("GET", `/1.2/rtm/messages?${range}`);
    expect(all.filter((each) => each.to === to.objectId)).toMatchObject([{ from: "tom", data: "hi" }]);
  });

  test("two messages of one millisecond both come, in their order, and pages lose and repeat none", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const row = rowOf([tom, jerry]);
    await imported("conversations", [row]);
    const times = [0, 0, 1, 1, 1, 5, 6].map((after) => LAST - 10 + after);
    const messages = times.map((time, at) => messageOf(row.objectId, tom, time, `${at}`));
    expect(await imported("messages", messages)).toMatchObject({ added: 7 });
    expect(await imported("messages", messages)).toMatchObject({ added: 0, kept: 7 });
    await maybeHibernate();
    const paged = async (path: string) => {
      const seen: Logged[] = [];
      for (let next = ""; seen.length < 20; ) {
        const page = await done<Logged[]>("GET", `${path}?limit=2${next}`);
        seen.push(...page);
        const last = page.at(-1);
        if (last === undefined || page.length < 2) break;
        next = `&timestamp=${last.timestamp}&msgid=${encodeURIComponent(last["msg-id"])}`;
      }
      return seen.reverse();
    };
    const expected = messages.map((each) => [each.data, each.timestamp, each["msg-id"]]);
    for (const path of [messagesOf(row.objectId), `/1.2/rtm/clients/${tom}/messages`]) {
      const seen = await paged(path);
      expect(seen.map((each) => [each.data, each.timestamp, each["msg-id"]])).toEqual(expected);
    }
  });

  test("a second message of one millisecond can be recalled by its id and time", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const row = rowOf([tom, jerry]);
    await imported("conversations", [row]);
    const [first, second] = ["1", "2"].map((data) => messageOf(row.objectId, tom, LAST, data));
    await imported(
      "messages",
      [first, second].filter((each) => each !== undefined),
    );
    if (second === undefined) throw new Error("no second message");
    await done("PUT", `${pathOf(row.objectId, second)}/recall`, { from_client: tom, timestamp: LAST });
    const toms = await WorkerdDevice.of(tom);
    expect(await history(toms, row.objectId)).toEqual(["1", '{"_lctype":-127}']);
  });

  test("a message that was recalled or deleted here does not come back", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { id, messages } = await importChat([tom, jerry], ["1", "2"]);
    for (const [at, message] of messages.entries()) {
      const { timestamp, from } = message;
      const path = pathOf(id, message);
      if (at === 0) await done("PUT", `${path}/recall`, { from_client: from, timestamp });
      else await done("DELETE", `${path}?from_client=${from}&timestamp=${timestamp}`);
    }
    expect(await imported("messages", messages)).toMatchObject({ kept: 2 });
    const toms = await WorkerdDevice.of(tom);
    expect(await history(toms, id)).toEqual(['{"_lctype":-127}']);
  });

  test("binary messages, the time of delivery and the address come", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const row = rowOf([tom, jerry]);
    await imported("conversations", [row]);
    const message = messageOf(row.objectId, tom, LAST, "AQID", {
      bin: true,
      "ack-at": LAST + 5,
      "from-ip": "192.0.2.1",
    });
    await imported("messages", [message]);
    await maybeHibernate();
    expect(await done<Logged[]>("GET", messagesOf(row.objectId))).toEqual([
      expect.objectContaining({ data: "AQID", bin: true, "ack-at": LAST + 5, "from-ip": "192.0.2.1" }),
    ]);
  });

  test("binary messages that are not Base64 are refused, and not stored in part", async () => {
    const [tom] = named("tom");
    const row = rowOf([tom]);
    await imported("conversations", [row]);
    const wrong = ["A", "AQ=", "AQ==AQ==", "cheese!", "🧀", "AQID\n", "===="];
    const messages = [...wrong, "AQ"].map((data, at) =>
      messageOf(row.objectId, tom, LAST + at, data, { bin: true }),
    );
    const error = "data: must be Base64, as bin says";
    expect(await imported("messages", messages)).toMatchObject({
      added: 1,
      refused: wrong.map((_, at) => ({ row: at, error })),
    });
  });

  test("messages come whose content is empty, or has characters that are rare", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const row = rowOf([tom, jerry]);
    await imported("conversations", [row]);
    const contents = ["", "AA==", "a\u0000b", "\u2028", "🧀"];
    const messages = contents.flatMap((data, at) => [
      messageOf(row.objectId, tom, LAST - 10 + at, data, { bin: at < 2 }),
      // A twin, which is stored by itself.
      messageOf(row.objectId, jerry, LAST - 10 + at, data, { bin: at < 2 }),
    ]);
    expect(await imported("messages", messages)).toMatchObject({ added: 10, refused: [] });
    await maybeHibernate();
    const found = await done<Logged[]>("GET", messagesOf(row.objectId));
    expect(found.reverse().map(({ data }) => data)).toEqual(messages.map(({ data }) => data));
    const sent = await done<Logged[]>("GET", `/1.2/rtm/clients/${tom}/messages`);
    expect(sent.reverse().map(({ data }) => data)).toEqual(contents);
  });

  test("messages of conversations that are not here, and those from the future, are refused", async () => {
    const [tom] = named("tom");
    const row = rowOf([tom]);
    await imported("conversations", [row]);
    const answer = await imported("messages", [
      messageOf(newId(), tom, LAST, "elsewhere"),
      messageOf(row.objectId, tom, Date.now() + 10 * 60_000, "tomorrow"),
      messageOf(row.objectId, tom, LAST, "here"),
    ]);
    expect(answer).toMatchObject({
      added: 1,
      refused: [
        { row: 0, error: "to: there is no such conversation here" },
        { row: 1, error: "timestamp: is in the future" },
      ],
    });
  });
});

describe("unread counts", () => {
  test("everything that is imported counts as read, and new messages count", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { id } = await importChat([tom, jerry], ["1", "2", "3"]);
    expect(await unreadOf(jerry)).toBe(0);
    const toms = await WorkerdDevice.of(tom);
    await say(toms, id, "4");
    expect(await unreadOf(jerry)).toBe(1);
  });

  test("an imported count stands until the member reads", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { id, row, messages } = await importChat([tom, jerry], ["1", "2", "3", "4", "5"]);
    const unread = { conversation: id, client: jerry, unread: 2 };
    expect(await imported("unread", [unread])).toMatchObject({ changed: 1 });
    await maybeHibernate();
    expect(await unreadOf(jerry)).toBe(2);
    const jerrys = await WorkerdDevice.of(jerry);
    await jerrys.push("unread");
    jerrys.send({ cmd: "read", readMessage: { convs: [{ cid: id, timestamp: BigInt(LAST) }] } });
    await expect.poll(() => unreadOf(jerry)).toBe(0);
    await imported("conversations", [row]);
    await imported("messages", messages);
    expect(await imported("unread", [unread])).toMatchObject({ kept: 1 });
    expect(await unreadOf(jerry)).toBe(0);
  });

  test("an import reaches no device that is online", async () => {
    const { tom, toms } = await onlineClients("tom");
    const [jerry] = named("jerry");
    const { id } = await importChat([tom, jerry], ["1", "2"]);
    await imported("unread", [{ conversation: id, client: tom, unread: 1 }]);
    await toms.ask({ cmd: "session", op: "query", sessionMessage: { sessionPeerIds: [tom] } });
    expect(toms.pushes()).toEqual([]);
  });
});
