import { afterEach, beforeAll, expect, test } from "vitest";
import { change, history, logs, look, named, query, refusal, say, start, update } from "./support/chat.ts";
import { archived, archivedAs, breakTable, repair, TABLES, work } from "./support/d1.ts";
import { Device } from "./support/device.ts";
import { openWorld, world } from "./support/world.ts";

/** What reaches D1, when, and what goes on without it. */

beforeAll(() => openWorld());
afterEach(() => repair());

async function toms(): Promise<{ tom: string; jerry: string; device: Device }> {
  const [tom, jerry] = named("tom", "jerry");
  return { tom, jerry, device: await Device.of(tom) };
}

test("[B-20] members and columns are in D1 before the reply, history soon after", async () => {
  const { tom, jerry, device } = await toms();
  const chat = await start(device, [tom, jerry], { attr: { data: '{"name":"Cheese"}' } });
  const row = () => world.DB.prepare("SELECT * FROM conversations WHERE id = ?").bind(chat).first();
  expect(await row()).toMatchObject({ name: "Cheese", creator: tom, members: JSON.stringify([jerry, tom]) });
  await change(device, "remove", chat, [jerry]);
  expect(await row()).toMatchObject({ members: JSON.stringify([tom]) });
  await update(device, chat, { name: "Holes" });
  expect(await row()).toMatchObject({ name: "Holes" });
  const ack = await say(device, chat, "hello");
  await archivedAs(chat, ["hello"]);
  expect(await archived(chat)).toMatchObject([
    { id: ack.ackMessage?.uid, timestamp: Number(ack.ackMessage?.t), sender: tom },
  ]);
  expect(await row()).toMatchObject({ last_message_at: Number(ack.ackMessage?.t) });
});

test("[I11] many messages reach D1 in order and once, whatever runs twice", async () => {
  const { tom, device } = await toms();
  const chat = await start(device, [tom]);
  const texts = Array.from({ length: 250 }, (_, at) => `${at}`);
  for (const [at, msg] of texts.entries()) {
    device.send({ cmd: "direct", peerId: tom, i: 1_000 + at, directMessage: { cid: chat, msg } });
  }
  await device.answer(1_249);
  await archivedAs(chat, texts);
  await work(chat);
  await say(device, chat, "one more");
  await archivedAs(chat, [...texts, "one more"]);
});

test("[I8] nothing transient reaches D1", async () => {
  const { tom, device } = await toms();
  const chat = await start(device, [tom]);
  await say(device, chat, "passing", { transient: true });
  await say(device, chat, "kept");
  await archivedAs(chat, ["kept"]);
});

test("[B-22] a query names the last message before D1 has it, and follows its edits", async () => {
  const { tom, jerry, device } = await toms();
  const chat = await start(device, [tom, jerry]);
  const last = async () => (await query(device, { m: jerry, c: tom }, { flag: 2 }))[0]?.msg;
  expect(await last()).toBeUndefined();
  await say(device, chat, "first");
  await archivedAs(chat, ["first"]);
  expect(await last()).toBe("first");
  await say(device, chat, "second");
  // A change of the index tells D1 that there is more than it has.
  await update(device, chat, { name: "Cheese" });
  expect(await last()).toBe("second");
  await archivedAs(chat, ["first", "second"]);
  expect(await last()).toBe("second");
});

test("[I11] history that cannot reach D1 blocks no client, and all of it arrives in the end", async () => {
  const { tom, jerry, device } = await toms();
  const jerrys = await Device.of(jerry);
  const chat = await start(device, [tom, jerry]);
  await say(device, chat, "before");
  await archivedAs(chat, ["before"]);
  await breakTable("messages");
  for (const text of ["one", "two"]) {
    expect(refusal(await say(device, chat, text))).toBe("");
    await jerrys.message(text);
  }
  await work(chat);
  expect(refusal(await say(jerrys, chat, "three"))).toBe("");
  await device.message("three");
  expect(await history(jerrys, chat)).toEqual(["before", "one", "two", "three"]);
  await work(chat);
  await repair();
  await archivedAs(chat, ["before", "one", "two", "three"]);
});

test.each(["conversations", "members"] as const)(
  "[I11] the index failing (%s): conversations start, change and talk, and are found afterwards",
  async (table) => {
    const { tom, jerry, device } = await toms();
    const jerrys = await Device.of(jerry);
    await breakTable(table);
    const chat = await start(device, [tom], { unique: false });
    expect(refusal(await change(device, "add", chat, [jerry]))).toBe("");
    await jerrys.push("conv", "joined");
    expect(refusal(await update(device, chat, { name: "Cheese" }))).toBe("");
    expect(refusal(await say(jerrys, chat, "hi"))).toBe("");
    await device.message("hi");
    expect(await look(device, chat)).toMatchObject({ name: "Cheese", m: [tom, jerry] });
    await work(chat);
    await repair();
    await archivedAs(chat, ["hi"]);
    expect(await query(jerrys, undefined)).toMatchObject([
      { objectId: chat, name: "Cheese", m: [tom, jerry] },
    ]);
    expect(await query(device, { m: jerry, c: tom })).toHaveLength(1);
  },
);

test("[I11] [I10] a query D1 cannot answer is refused with a number, and the session goes on", async () => {
  const { tom, device } = await toms();
  const chat = await start(device, [tom]);
  await breakTable("conversations");
  const refused = await device.ask({
    cmd: "conv",
    op: "query",
    convMessage: { where: { data: '{"name":"x"}' } },
  });
  expect(refusal(refused)).toMatch(/^4\d{3} \w+$/);
  expect(await look(device, chat)).toMatchObject({ objectId: chat });
  expect(refusal(await logs(device, chat))).toBe("");
  await repair();
  expect(await query(device, undefined)).toHaveLength(1);
});

test("[I11] a login needs nothing of D1, unless it is a client's first one", async () => {
  const { tom, jerry, device } = await toms();
  (await Device.of(jerry)).close();
  const chat = await start(device, [tom, jerry]);
  await say(device, chat, "missed");
  for (const table of TABLES) await breakTable(table);
  const jerrys = await Device.of(jerry);
  const [tuple] = (await jerrys.push("unread")).unreadMessage?.convs ?? [];
  expect(tuple).toMatchObject({ cid: chat, unread: 1, data: "missed" });
  expect(await history(jerrys, chat)).toEqual(["missed"]);
});
