import { afterEach, beforeAll, expect, test } from "vitest";
import { change, history, logs, look, named, query, refusal, say, start, update } from "../support/chat.ts";
import { archived, archivedAs, breakTable, repair, TABLES, work } from "./support/d1.ts";
import { onlineClients, pairChat, tomsChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld, world } from "./support/world.ts";

/** What reaches D1, when, and what goes on without it. */

beforeAll(() => openWorld());
afterEach(() => repair());

test("[B-20] members and columns are in D1 before the reply, history soon after", async () => {
  const { tom, jerry, toms, chat } = await tomsChat({ attr: { data: '{"name":"Cheese"}' } });
  const row = () => world.DB.prepare("SELECT * FROM conversations WHERE id = ?").bind(chat).first();
  expect(await row()).toMatchObject({ name: "Cheese", creator: tom, members: JSON.stringify([jerry, tom]) });
  await change(toms, "remove", chat, [jerry]);
  expect(await row()).toMatchObject({ members: JSON.stringify([tom]) });
  await update(toms, chat, { name: "Holes" });
  expect(await row()).toMatchObject({ name: "Holes" });
  const ack = await say(toms, chat, "hello");
  await archivedAs(chat, ["hello"]);
  expect(await archived(chat)).toMatchObject([
    { id: ack.ackMessage?.uid, timestamp: Number(ack.ackMessage?.t), sender: tom },
  ]);
  expect(await row()).toMatchObject({ last_message_at: Number(ack.ackMessage?.t) });
});

test("[I11] many messages reach D1 in order and once, whatever runs twice", async () => {
  const { tom, toms } = await onlineClients("tom");
  const chat = await start(toms, [tom]);
  const texts = Array.from({ length: 250 }, (_, at) => `${at}`);
  for (const [at, msg] of texts.entries()) {
    toms.send({ cmd: "direct", peerId: tom, i: 1_000 + at, directMessage: { cid: chat, msg } });
  }
  await toms.answer(1_249);
  await archivedAs(chat, texts);
  await work(chat);
  await say(toms, chat, "one more");
  await archivedAs(chat, [...texts, "one more"]);
});

test("[I8] no transient message reaches D1", async () => {
  const { tom, toms } = await onlineClients("tom");
  const chat = await start(toms, [tom]);
  await say(toms, chat, "passing", { transient: true });
  await say(toms, chat, "kept");
  await archivedAs(chat, ["kept"]);
});

test("[B-22] a query returns the last message before D1 has it, and its later edits", async () => {
  const { tom, jerry, toms, chat } = await tomsChat();
  const last = async () => (await query(toms, { m: jerry, c: tom }, { flag: 2 }))[0]?.msg;
  expect(await last()).toBeUndefined();
  await say(toms, chat, "first");
  await archivedAs(chat, ["first"]);
  expect(await last()).toBe("first");
  await say(toms, chat, "second");
  // A change of the index tells D1 that there is more than it has.
  await update(toms, chat, { name: "Cheese" });
  expect(await last()).toBe("second");
  await archivedAs(chat, ["first", "second"]);
  expect(await last()).toBe("second");
});

test("[I11] history that cannot reach D1 blocks no client, and all of it arrives in the end", async () => {
  const { toms, jerrys, chat } = await pairChat();
  await say(toms, chat, "before");
  await archivedAs(chat, ["before"]);
  await breakTable("messages");
  for (const text of ["one", "two"]) {
    expect(refusal(await say(toms, chat, text))).toBe("");
    await jerrys.message(text);
  }
  await work(chat);
  expect(refusal(await say(jerrys, chat, "three"))).toBe("");
  await toms.message("three");
  expect(await history(jerrys, chat)).toEqual(["before", "one", "two", "three"]);
  await work(chat);
  await repair();
  await archivedAs(chat, ["before", "one", "two", "three"]);
});

test.each(["conversations", "members"] as const)(
  "[I11] while the table %s fails, conversations start, change and take messages, and queries find them afterwards",
  async (table) => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    await breakTable(table);
    const chat = await start(toms, [tom], { unique: false });
    expect(refusal(await change(toms, "add", chat, [jerry]))).toBe("");
    await jerrys.push("conv", "joined");
    expect(refusal(await update(toms, chat, { name: "Cheese" }))).toBe("");
    expect(refusal(await say(jerrys, chat, "hi"))).toBe("");
    await toms.message("hi");
    expect(await look(toms, chat)).toMatchObject({ name: "Cheese", m: [tom, jerry] });
    await work(chat);
    await repair();
    await archivedAs(chat, ["hi"]);
    expect(await query(jerrys, undefined)).toMatchObject([
      { objectId: chat, name: "Cheese", m: [tom, jerry] },
    ]);
    expect(await query(toms, { m: jerry, c: tom })).toHaveLength(1);
  },
);

test("[I11] [I10] a query D1 cannot answer is refused with a number, and the session goes on", async () => {
  const { tom, toms } = await onlineClients("tom");
  const chat = await start(toms, [tom]);
  await breakTable("conversations");
  const refused = await toms.ask({
    cmd: "conv",
    op: "query",
    convMessage: { where: { data: '{"name":"x"}' } },
  });
  expect(refusal(refused)).toMatch(/^4\d{3} \w+$/);
  expect(await look(toms, chat)).toMatchObject({ objectId: chat });
  expect(refusal(await logs(toms, chat))).toBe("");
  await repair();
  expect(await query(toms, undefined)).toHaveLength(1);
});

test("[I11] only a client's first login needs D1", async () => {
  const [jerry] = named("jerry");
  const { tom, toms } = await onlineClients("tom");
  (await WorkerdDevice.of(jerry)).close();
  const chat = await start(toms, [tom, jerry]);
  await say(toms, chat, "missed");
  for (const table of TABLES) await breakTable(table);
  const jerrys = await WorkerdDevice.of(jerry);
  const [tuple] = (await jerrys.push("unread")).unreadMessage?.convs ?? [];
  expect(tuple).toMatchObject({ cid: chat, unread: 1, data: "missed" });
  expect(await history(jerrys, chat)).toEqual(["missed"]);
});
