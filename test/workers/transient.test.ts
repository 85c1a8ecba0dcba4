import { beforeAll, expect, test } from "vitest";
import { CommandType } from "../../src/protocol/generated/message_pb.js";
import { change, heard, history, look, named, refusal, say, settle, start } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { acknowledge, caughtUp, loggedIn, pushesOf } from "./support/commands.ts";
import { onlineClients, pairChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld, world } from "./support/world.ts";

/** Transient messages go to clients that are online now, and to no others (I8). */

beforeAll(() => openWorld());

const typing = (device: WorkerdDevice, chat: string, text = "typing") =>
  say(device, chat, text, { transient: true });

test("[M-29] [M-31] [wire §5.2] a transient message reaches every device but its own, marked transient", async () => {
  const { tom, jerry, toms, jerrys, chat } = await pairChat();
  const [tablet, phone] = [await WorkerdDevice.of(tom), await WorkerdDevice.of(jerry)];
  await caughtUp(chat, tablet, phone);
  const ack = await typing(toms, chat);
  for (const device of [jerrys, phone, tablet]) {
    const push = await device.message("typing");
    expect([push.peerId, push.service, has(push, "i")]).toEqual([device.clientId, 2, false]);
    expect(push.directMessage).toMatchObject({ cid: chat, fromPeerId: tom, transient: true, convType: 1 });
    expect(push.directMessage?.id).toBe(ack.ackMessage?.uid);
    expect(push.directMessage?.timestamp).toBe(ack.ackMessage?.t);
  }
  await settle(chat, jerrys, toms);
  expect(toms.texts(chat)).not.toContain("typing");
});

test("[M-29] [T1] what a device sends at once, transient or not, arrives in the order sent", async () => {
  const { toms, jerrys, chat } = await pairChat();
  const texts = Array.from({ length: 40 }, (_, index) => `${index}`);
  const isTransient = (text: string) => Number(text) % 3 > 0;
  const replies = await Promise.all(
    texts.map((text) => say(toms, chat, text, { transient: isTransient(text) })),
  );
  await jerrys.message(texts.at(-1) ?? "");
  expect(jerrys.texts(chat)).toEqual(texts);
  expect(replies.every((reply) => reply.ackMessage?.uid)).toBe(true);
  expect(await history(jerrys, chat)).toEqual(texts.filter((text) => !isTransient(text)));
});

test("[M-26] [I8] a transient message is in no history, no last message and no archive", async () => {
  const { toms, jerrys, chat } = await pairChat();
  await say(toms, chat, "staying");
  await typing(toms, chat);
  await jerrys.message("typing");
  expect(await history(jerrys, chat)).toEqual(["staying"]);
  expect(await look(jerrys, chat, 2)).toMatchObject({ msg: "staying" });
  const archived = async () => {
    const rows = await world.DB.prepare("SELECT * FROM messages WHERE conversation_id = ?").bind(chat).all();
    return rows.results.length;
  };
  await expect.poll(archived, { timeout: 10_000 }).toBe(1);
});

test("[M-26] a transient message does not change the time of a conversation's last message", async () => {
  const { toms, jerrys, chat } = await pairChat();
  await typing(toms, chat);
  await jerrys.message("typing");
  expect(await look(jerrys, chat)).not.toHaveProperty("lm");
});

test.each(["lc.protobuf2.3", "lc.protobuf2.1"])(
  "[M-27] [I8] a client that is offline never receives a transient message (%s)",
  async (protocol) => {
    const { jerry, toms, jerrys, chat } = await pairChat();
    await jerrys.ask({ cmd: "session", op: "close" });
    await typing(toms, chat, "one");
    await say(toms, chat, "staying");
    await typing(toms, chat, "two");
    const back = await loggedIn(jerry, {}, protocol);
    await caughtUp(chat, back);
    await settle(chat, toms, back);
    expect(back.texts(chat)).not.toContain("one");
    expect(back.texts(chat)).not.toContain("two");
    for (const { unreadMessage } of pushesOf(back, "unread")) {
      expect(unreadMessage?.convs.map(({ unread, data }) => [unread, data])).toEqual([[1, "staying"]]);
    }
  },
);

test("[M-28] [M-34] a transient message is not sent again, acknowledged or not", async () => {
  const [jerry] = named("jerry");
  const { tom, toms } = await onlineClients("tom");
  const phone = await loggedIn(jerry, {}, "lc.protobuf2.1");
  const chat = await start(toms, [tom, jerry], { unique: false });
  await caughtUp(chat, phone);
  const ack = await typing(toms, chat);
  await phone.message("typing");
  phone.close();
  const again = await loggedIn(jerry, {}, "lc.protobuf2.1");
  acknowledge(again, chat, { mid: ack.ackMessage?.uid });
  await caughtUp(chat, again);
  await settle(chat, toms, again);
  expect(again.texts(chat)).not.toContain("typing");
});

test("[I2] a transient message keeps its place among the stored ones of its sender", async () => {
  const { tom, toms, jerrys, chat } = await pairChat();
  for (let at = 1; at <= 8; at += 1) {
    const transient = at % 2 === 0;
    toms.send({
      cmd: "direct",
      peerId: tom,
      i: 500 + at,
      directMessage: { cid: chat, msg: `${at}`, transient },
    });
  }
  await jerrys.message("8");
  expect(jerrys.texts(chat)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
  expect(heard(jerrys, chat)).toEqual(["1", "3", "5", "7"]);
});

test("[I3] a transient message sent twice with one token is two messages, because no token was kept", async () => {
  const { toms, jerrys, chat } = await pairChat();
  for (let time = 0; time < 2; time += 1) await say(toms, chat, "again", { transient: true, dt: "token" });
  for (let time = 0; time < 2; time += 1) await jerrys.message("again");
  expect(await history(toms, chat)).toEqual([]);
});

test("[I12] a transient message of a client that is not a member is refused with 4401, an id and a time", async () => {
  const { toms, jerrys, chat, jerry } = await pairChat();
  const { spikes } = await onlineClients("spike");
  await change(toms, "remove", chat, [jerry]);
  for (const device of [spikes, jerrys]) {
    const refused = await typing(device, chat);
    expect(refusal(refused)).toBe("4401 INVALID_MESSAGING_TARGET");
    expect([has(refused.ackMessage, "uid"), has(refused.ackMessage, "t")]).toEqual([true, true]);
  }
  await say(toms, chat, "after");
  expect(toms.texts(chat)).toEqual([]);
});

test("[B-09] a transient message has the same limit of bytes as any message", async () => {
  const { toms, jerrys, chat } = await pairChat();
  expect(refusal(await typing(toms, chat, "x".repeat(32_769)))).toMatch(/^4109 /);
  await settle(chat, toms, jerrys);
  expect(jerrys.texts(chat).filter((text) => text.startsWith("x"))).toEqual([]);
});

test.each([
  ["by JavaScript and Swift", 187],
  ["by Java", 175],
  ["by Objective-C and C#", 171],
  ["alone", 8],
])(
  "[wire §4.1] a transient message is answered if the login requested it (bit 3): %s",
  async (_, configBitmap) => {
    const [tom] = named("tom");
    const toms = await loggedIn(tom, { configBitmap });
    const chat = await start(toms, [tom], { unique: false });
    const { cmd, ackMessage } = await typing(toms, chat);
    expect([cmd, has(ackMessage, "code"), ackMessage?.uid.length]).toEqual([CommandType.ack, false, 22]);
    expect(Number(ackMessage?.t)).toBeGreaterThan(Date.now() - 60_000);
  },
);

test("[wire §4.1] a transient message is not answered if the login did not request it, and is sent all the same", async () => {
  const [tom] = named("tom");
  const { jerry, jerrys } = await onlineClients("jerry");
  const toms = await loggedIn(tom, { configBitmap: 187 - 8 });
  const chat = await start(toms, [tom, jerry], { unique: false });
  const directMessage = { cid: chat, msg: "typing", transient: true };
  toms.send({ cmd: "direct", peerId: tom, i: 700, directMessage });
  await jerrys.message("typing");
  // A stored message and its answer come after whatever answer there would have been.
  expect(refusal(await say(toms, chat, "staying"))).toBe("");
  expect(toms.answers(700)).toEqual([]);
});
