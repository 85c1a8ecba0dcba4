import { beforeAll, describe, expect, test } from "vitest";
import { logs, look, say } from "../support/chat.ts";
import type { CommandInit } from "../support/frames.ts";
import { has } from "../support/frames.ts";
import { edit, loggedIn, namedBy, read } from "./support/commands.ts";
import { pairChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

/** Mentions are carried beside the text, wherever the message goes. */

beforeAll(() => openWorld({ messages: { allowEdit: true } }));

/** What the next login of a client is told of its one unread conversation. */
async function unread(clientId: string) {
  const device = await WorkerdDevice.of(clientId);
  const [tuple] = (await device.push("unread")).unreadMessage?.convs ?? [];
  device.close();
  return { count: tuple?.unread, mentioned: tuple?.mentioned, onTheWire: has(tuple, "mentioned") };
}

type Mentions = Pick<NonNullable<CommandInit["directMessage"]>, "mentionAll" | "mentionPids">;

const forms: [string, Mentions][] = [
  ["nobody", {}],
  ["nobody, by JavaScript", { mentionAll: false, mentionPids: [] }],
  ["some", { mentionPids: ["nibbles", "汤姆", "nibbles"] }],
  ["everybody", { mentionAll: true }],
  ["everybody and some", { mentionAll: true, mentionPids: ["nibbles"] }],
];

test.each(forms)(
  "[M-02] [M-03] [M-04] [M-06] a message that mentions %s shows it live, in history and in a query alike",
  async (_, mentions) => {
    const { toms, jerrys, chat } = await pairChat();
    const { mentionAll = false, mentionPids = [] } = mentions;
    const sent = namedBy(chat, await say(toms, chat, "hello", mentions));
    const { directMessage } = await jerrys.message("hello");
    expect(directMessage).toMatchObject({ mentionAll, mentionPids });
    const [item] = (await logs(jerrys, chat, { limit: 1 })).logsMessage?.logs ?? [];
    expect(item).toMatchObject({ msgId: sent.mid, mentionAll, mentionPids });
    const found = await look(jerrys, chat, 2);
    expect(found.mention_all ?? false).toBe(mentionAll);
    expect(found.mention_pids ?? []).toEqual(mentionPids);
  },
);

test("[M-01] @names in the text are no mentions", async () => {
  const { jerry, toms, jerrys, chat } = await pairChat();
  jerrys.close();
  await say(toms, chat, `@${jerry} @all @Tom`);
  expect(await unread(jerry)).toEqual({ count: 1, mentioned: false, onTheWire: true });
});

test("[M-05] every kind of message carries mentions, bytes too", async () => {
  const { jerry, toms, jerrys, chat } = await pairChat();
  const binaryMsg = new Uint8Array([0, 200]);
  await toms.ask({ cmd: "direct", directMessage: { cid: chat, binaryMsg, mentionPids: [jerry] } });
  expect((await jerrys.push("direct")).directMessage).toMatchObject({ binaryMsg, mentionPids: [jerry] });
  expect((await unread(jerry)).mentioned).toBe(true);
});

test("[M-10] a transient message carries mentions, and leaves no trace of them", async () => {
  const { jerry, toms, jerrys, chat } = await pairChat();
  await say(toms, chat, "passing", { transient: true, mentionAll: true, mentionPids: [jerry] });
  const { directMessage } = await jerrys.message("passing");
  expect(directMessage).toMatchObject({ transient: true, mentionAll: true, mentionPids: [jerry] });
  await say(toms, chat, "staying");
  expect(await unread(jerry)).toEqual({ count: 1, mentioned: false, onTheWire: true });
});

test("[M-02] [wire §5.5b] missed messages that are replayed to a device have their mentions", async () => {
  const { jerry, toms, jerrys, chat } = await pairChat();
  jerrys.close();
  await say(toms, chat, "hello", { mentionAll: true, mentionPids: [jerry] });
  const phone = await loggedIn(jerry, {}, "lc.protobuf2.1");
  expect((await phone.message("hello")).directMessage).toMatchObject({
    mentionAll: true,
    mentionPids: [jerry],
  });
});

describe("whether unread messages mention their reader", () => {
  test.each<[string, (me: string, other: string) => Mentions, boolean]>([
    ["everybody", () => ({ mentionAll: true }), true],
    ["me", (me) => ({ mentionPids: [me] }), true],
    ["me among others", (me, other) => ({ mentionPids: [other, me] }), true],
    ["somebody else", (_, other) => ({ mentionPids: [other] }), false],
    ["somebody whose name begins like mine", (me) => ({ mentionPids: [`${me}2`, me.slice(0, -1)] }), false],
    ["nobody", () => ({}), false],
  ])(
    "[M-08] [M-09] an unread count shows whether messages mention the reader: %s",
    async (_, mentions, mentioned) => {
      const { tom, jerry, toms, jerrys, chat } = await pairChat();
      jerrys.close();
      await say(toms, chat, "hello", mentions(jerry, tom));
      await say(toms, chat, "and more");
      expect(await unread(jerry)).toEqual({ count: 2, mentioned, onTheWire: true });
    },
  );

  test("[M-09] an unread mention is shown until it is read, and no longer", async () => {
    const { jerry, toms, jerrys, chat } = await pairChat();
    const first = namedBy(chat, await say(toms, chat, "@Jerry", { mentionPids: [jerry] }));
    await say(toms, chat, "later");
    await jerrys.message("later");
    for (let login = 0; login < 2; login += 1) expect((await unread(jerry)).mentioned).toBe(true);
    read(jerrys, chat, { timestamp: Number(first.timestamp) });
    const [tuple] = (await jerrys.push("unread")).unreadMessage?.convs ?? [];
    expect([tuple?.unread, tuple?.mentioned]).toEqual([1, false]);
    expect(await unread(jerry)).toMatchObject({ count: 1, mentioned: false });
  });

  test("[M-09] a read cursor before a mention leaves it unread", async () => {
    const { jerry, toms, jerrys, chat } = await pairChat();
    const first = namedBy(chat, await say(toms, chat, "first"));
    await say(toms, chat, "@Jerry", { mentionPids: [jerry] });
    await jerrys.message("@Jerry");
    read(jerrys, chat, { timestamp: Number(first.timestamp) });
    const [tuple] = (await jerrys.push("unread")).unreadMessage?.convs ?? [];
    expect([tuple?.unread, tuple?.mentioned]).toEqual([1, true]);
  });

  test("[M-09] [Y-12] a client's own message is no unread mention of that client", async () => {
    const { jerry, toms, jerrys, chat } = await pairChat();
    await say(jerrys, chat, "to all", { mentionAll: true, mentionPids: [jerry] });
    await say(toms, chat, "thank you");
    expect(await unread(jerry)).toMatchObject({ count: 1, mentioned: false });
  });

  test("[M-09] [M-14] edits add and remove mentions, in the event too", async () => {
    const { jerry, toms, jerrys, chat } = await pairChat();
    const message = namedBy(chat, await say(toms, chat, "hello"));
    await edit(toms, message, "hello all", { mentionAll: true, mentionPids: [jerry] });
    const [added] = (await jerrys.push("patch")).patchMessage?.patches ?? [];
    expect(added).toMatchObject({ mentionAll: true, mentionPids: [jerry] });
    expect(await unread(jerry)).toMatchObject({ count: 1, mentioned: true });
    expect(await look(jerrys, chat, 2)).toMatchObject({ mention_all: true, mention_pids: [jerry] });
    await edit(toms, message, "hello again");
    const [taken] = (await jerrys.push("patch")).patchMessage?.patches ?? [];
    expect(taken).toMatchObject({ mentionAll: false, mentionPids: [] });
    expect(await unread(jerry)).toMatchObject({ count: 1, mentioned: false });
  });
});
