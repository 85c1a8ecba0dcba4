import { abortAllDurableObjects, evictAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OpType } from "../../src/protocol/generated/message_pb.js";
import { change, heard, history, look, named, refusal, say, settle, start } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { acknowledge, caughtUp, loggedIn, pushesOf, read } from "./support/commands.ts";
import { onlineClients, pairChat } from "./support/pair-chat.ts";
import { type GenericCommand, WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld, world } from "./support/world.ts";

beforeAll(() => openWorld());

const client = (id: string) => world.CLIENTS.getByName(id);

/** A chat of Tom and Jerry in which Tom has left a will. */
async function chatWithWill(text = "I am gone") {
  const pair = await pairChat();
  return { ...pair, ack: await bequeath(pair.toms, pair.chat, text) };
}

function bequeath(
  device: WorkerdDevice,
  chat: string,
  text: string,
  more: object = {},
): Promise<GenericCommand> {
  return say(device, chat, text, { will: true, ...more });
}

/** Whether a client's object still holds a will. */
function isHeld(clientId: string): Promise<boolean> {
  return runInDurableObject(client(clientId), (_, { storage: { sql } }) => {
    const tables = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'will'").toArray();
    return tables.length > 0 && sql.exec("SELECT 1 FROM will").toArray().length > 0;
  });
}

/** Whether a client is online, as a device sees it. */
async function isOnline(device: WorkerdDevice, clientId: string): Promise<boolean> {
  const sessionMessage = { sessionPeerIds: [clientId] };
  const answer = await device.ask({ cmd: "session", op: "query", sessionMessage });
  return answer.sessionMessage?.onlineSessionPeerIds.includes(clientId) ?? false;
}

/** Resolves once a client's loss was noticed and nothing of it is left to be done. */
async function goneFrom(device: WorkerdDevice, clientId: string): Promise<void> {
  await expect.poll(() => isOnline(device, clientId)).toBe(false);
  await expect.poll(() => isHeld(clientId)).toBe(false);
}

describe("a will", () => {
  test("[M-47] a will is answered at once like any message, and sent to no member while its author is connected", async () => {
    const { toms, jerrys, chat, ack } = await chatWithWill();
    expect(has(ack.ackMessage, "code")).toBe(false);
    expect(ack.ackMessage?.uid).toHaveLength(22);
    expect(Number(ack.ackMessage?.t)).toBeGreaterThan(Date.now() - 60_000);
    await evictAllDurableObjects();
    await settle(chat, toms, jerrys);
    expect(heard(jerrys, chat)).toEqual([]);
  });

  test("[M-47] [wire §5.2] a will is sent like any message when the socket is lost, with the acknowledged id", async () => {
    const { tom, jerry, toms, jerrys, chat, ack } = await chatWithWill();
    toms.close();
    const push = await jerrys.message("I am gone");
    expect([push.peerId, push.service, has(push, "i")]).toEqual([jerry, 2, false]);
    const { directMessage } = push;
    expect(directMessage).toMatchObject({ id: ack.ackMessage?.uid, cid: chat, fromPeerId: tom, convType: 1 });
    expect(has(directMessage, "transient")).toBe(false);
    expect(Number(directMessage?.timestamp)).toBeGreaterThanOrEqual(Number(ack.ackMessage?.t));
  });

  test("[M-47] a will reaches all devices of every other online member, and the author's other devices", async () => {
    const { tom, jerry, toms, jerrys, chat } = await chatWithWill();
    const [spike] = named("spike");
    await change(toms, "add", chat, [spike]);
    const devices = [
      jerrys,
      await WorkerdDevice.of(jerry),
      await WorkerdDevice.of(spike),
      await WorkerdDevice.of(tom),
    ];
    await caughtUp(chat, ...devices);
    await settle(chat, toms, ...devices);
    toms.close();
    for (const device of devices) await device.message("I am gone");
    await settle(chat, jerrys, ...devices.slice(1));
    for (const device of devices) expect(heard(device, chat)).toEqual(["I am gone"]);
  });

  test("[M-49] a will is in no history, no count and no last message, and reaches no client later", async () => {
    const { tom, jerry, toms, jerrys, chat } = await chatWithWill();
    const [spike] = named("spike");
    await change(jerrys, "add", chat, [spike]);
    await say(toms, chat, "before");
    await jerrys.message("before");
    toms.close();
    await jerrys.message("I am gone");
    expect(await history(jerrys, chat)).toEqual(["before"]);
    expect(await look(jerrys, chat, 2)).toMatchObject({ msg: "before" });
    const spikes = await WorkerdDevice.of(spike);
    const [tuple] = (await spikes.push("unread")).unreadMessage?.convs ?? [];
    expect([tuple?.unread, tuple?.data]).toEqual([1, "before"]);
    const [another] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
    expect([another?.unread, another?.data]).toEqual([1, "before"]);
    const pushed = await loggedIn(spike, {}, "lc.protobuf2.1");
    const toms2 = await WorkerdDevice.of(tom);
    await caughtUp(chat, spikes, pushed, toms2);
    await settle(chat, jerrys, spikes, pushed, toms2);
    for (const device of [spikes, pushed, toms2]) expect(device.texts(chat)).not.toContain("I am gone");
  });

  test("[M-49] a will may be acknowledged and read over, and causes no receipt", async () => {
    const { toms, jerrys, chat, ack } = await chatWithWill();
    const again = await bequeath(toms, chat, "with a receipt?", { r: true });
    expect(again.ackMessage?.uid).not.toBe(ack.ackMessage?.uid);
    toms.close();
    const { directMessage } = await jerrys.message("with a receipt?");
    acknowledge(jerrys, chat, { mid: directMessage?.id });
    read(jerrys, chat);
    const back = await WorkerdDevice.of(toms.clientId);
    await caughtUp(chat, back);
    await settle(chat, jerrys, back);
    expect(pushesOf(back, "rcp")).toEqual([]);
  });

  test("[M-47] a will carries bytes and mentions", async () => {
    const { toms, jerrys, jerry, chat } = await chatWithWill();
    const binaryMsg = new Uint8Array([0, 255, 7]);
    const mentions = { mentionAll: true, mentionPids: [jerry] };
    await toms.ask({ cmd: "direct", directMessage: { cid: chat, binaryMsg, will: true, ...mentions } });
    toms.close();
    const { directMessage } = await jerrys.push("direct");
    expect(directMessage).toMatchObject({ binaryMsg, ...mentions });
  });

  test("[I7] a will is sent once: not again when its author returns and leaves, nor after objects hibernated or died", async () => {
    const { tom, toms, jerrys, chat } = await chatWithWill();
    toms.close();
    await jerrys.message("I am gone");
    await goneFrom(jerrys, tom);
    for (let round = 0; round < 2; round += 1) {
      const back = await WorkerdDevice.of(tom);
      back.close();
      await goneFrom(jerrys, tom);
      await evictAllDurableObjects();
    }
    const last = await WorkerdDevice.of(tom);
    await settle(chat, last, jerrys);
    expect(heard(jerrys, chat)).toEqual(["I am gone"]);
  });

  test("[I7] a will that reaches its conversation twice is sent once, also if the conversation hibernated in between", async () => {
    const { tom, toms, jerrys, chat } = await chatWithWill();
    const will = { id: "A".repeat(22), content: "twice?", mentionAll: false, mentions: [] };
    const tell = () =>
      runInDurableObject(world.CONVERSATIONS.getByName(chat), async (object) => {
        if (!("will" in object) || typeof object.will !== "function") throw new Error("takes no wills");
        await object.will(tom, will);
      });
    await tell();
    await evictAllDurableObjects();
    await tell();
    await settle(chat, toms, jerrys);
    expect(heard(jerrys, chat)).toEqual(["twice?"]);
  });
});

describe("one will per client", () => {
  test("[M-48] a later will replaces an earlier one", async () => {
    const { tom, toms, jerrys, chat } = await chatWithWill("first");
    await bequeath(toms, chat, "second");
    await bequeath(toms, chat, "third");
    toms.close();
    await jerrys.message("third");
    await goneFrom(jerrys, tom);
    await settle(chat, jerrys);
    expect(heard(jerrys, chat)).toEqual(["third"]);
  });

  test("[M-48] a later will in another conversation replaces an earlier one", async () => {
    const { tom, jerry, toms, jerrys, chat } = await chatWithWill("first");
    const second = await start(toms, [tom, jerry], { unique: false });
    await bequeath(toms, second, "second");
    toms.close();
    await jerrys.message("second");
    await goneFrom(jerrys, tom);
    await settle(chat, jerrys);
    expect([heard(jerrys, chat), heard(jerrys, second)]).toEqual([[], ["second"]]);
  });

  test("[M-48] a later will of another device replaces an earlier one, and the loss of a device without a will sends none", async () => {
    const { tom, toms, jerrys, chat } = await chatWithWill("from the phone");
    const tablet = await WorkerdDevice.of(tom);
    await bequeath(tablet, chat, "from the tablet");
    toms.close();
    await expect
      .poll(() => runInDurableObject(client(tom), (_, state) => state.getWebSockets().length))
      .toBe(1);
    await settle(chat, tablet, jerrys);
    expect(heard(jerrys, chat)).toEqual([]);
    tablet.close();
    await jerrys.message("from the tablet");
    await goneFrom(jerrys, tom);
    expect(heard(jerrys, chat)).toEqual(["from the tablet"]);
  });

  test("[M-48] [wire §2.6] two clients on one socket each have a will", async () => {
    const [tom, nibbles, jerry] = named("tom", "nibbles", "jerry");
    const jerrys = await WorkerdDevice.of(jerry);
    const both = await WorkerdDevice.of(tom);
    const chat = await start(both, [tom, nibbles, jerry], { unique: false });
    await bequeath(both, chat, "Tom's");
    await both.login(nibbles);
    await bequeath(both, chat, "Nibbles'");
    both.close();
    const [toms, nibbless] = [await jerrys.message("Tom's"), await jerrys.message("Nibbles'")];
    expect([toms, nibbless].map(({ directMessage }) => directMessage?.fromPeerId)).toEqual([tom, nibbles]);
  });
});

describe("a will that is not sent", () => {
  test("[M-50] [C-08] a logout discards the will, for this loss and every later one", async () => {
    const { tom, toms, jerrys, chat } = await chatWithWill();
    expect((await toms.ask({ cmd: "session", op: "close" })).op).toBe(OpType.closed);
    await goneFrom(jerrys, tom);
    await toms.login(tom);
    await settle(chat, toms, jerrys);
    toms.close();
    await goneFrom(jerrys, tom);
    await settle(chat, jerrys);
    expect(heard(jerrys, chat)).toEqual([]);
  });

  test("[M-50] a logout of another device keeps the will", async () => {
    const { tom, toms, jerrys } = await chatWithWill();
    const tablet = await WorkerdDevice.of(tom);
    await tablet.ask({ cmd: "session", op: "close" });
    toms.close();
    await jerrys.message("I am gone");
  });

  test("[M-50] [D-03] the will of a session displaced by another device is not sent", async () => {
    const [tom] = named("tom");
    const { jerry, jerrys } = await onlineClients("jerry");
    const first = await loggedIn(tom, { tag: "mobile", deviceId: "one" });
    const chat = await start(first, [tom, jerry], { unique: false });
    await bequeath(first, chat, "I am gone");
    const second = await loggedIn(tom, { tag: "mobile", deviceId: "two" });
    await first.push("session", "closed");
    first.close();
    await settle(chat, second, jerrys);
    second.close();
    await goneFrom(jerrys, tom);
    await settle(chat, jerrys);
    expect(heard(jerrys, chat)).toEqual([]);
  });

  test("[M-47] the will of an author that has left the conversation, or was removed, is not sent", async () => {
    for (const by of ["toms", "jerrys"] as const) {
      const chatting = await chatWithWill();
      const { tom, jerrys, toms, chat } = chatting;
      await change(chatting[by], "remove", chat, [tom]);
      toms.close();
      await goneFrom(jerrys, tom);
      await settle(chat, jerrys);
      expect(heard(jerrys, chat)).toEqual([]);
    }
  });

  test("[M-47] [wire §4.6] a will of a stranger is refused with 4401, an id and a time, and an earlier one stays", async () => {
    const { toms, jerrys, jerry } = await chatWithWill();
    const { spikes } = await onlineClients("spike");
    const foreign = await start(jerrys, [jerry], { unique: false });
    for (const [device, target] of [
      [toms, foreign],
      [spikes, foreign],
      [toms, "0".repeat(24)],
      [toms, "no conversation at all"],
    ] as const) {
      const refused = await bequeath(device, target, "boo");
      expect(refusal(refused)).toBe("4401 INVALID_MESSAGING_TARGET");
      expect(refused.ackMessage?.uid).toBeTruthy();
      expect(has(refused.ackMessage, "t")).toBe(true);
    }
    toms.close();
    await jerrys.message("I am gone");
  });

  test("[B-09] a will that is too long is refused like any message", async () => {
    const { toms, jerrys, chat } = await chatWithWill();
    expect(refusal(await bequeath(toms, chat, "x".repeat(32_769)))).toMatch(/^4109 /);
    toms.close();
    await jerrys.message("I am gone");
  });
});

describe("when objects die", () => {
  // How long a device may take to come back.
  beforeEach(() => configure({ limits: { returnSeconds: 1 } }));
  afterEach(() => configure({ limits: { returnSeconds: null } }));

  test("[I7] the will of a device that stays away is sent once after its client's object died with its sockets", async () => {
    const { tom, toms, jerrys, chat } = await chatWithWill();
    await runInDurableObject(client(tom), (_, state) => state.abort("a test")).catch(() => {});
    await toms.closing();
    // Nobody can say that this is the same device.
    const back = await WorkerdDevice.of(tom);
    await jerrys.message("I am gone");
    await expect.poll(() => isHeld(tom)).toBe(false);
    await settle(chat, back, jerrys);
    expect(heard(jerrys, chat)).toEqual(["I am gone"]);
  });

  test("[I7] a will is sent when a client queries its author's presence, if all objects died at once and the author never returns", async () => {
    const { tom, jerry, toms, chat } = await chatWithWill();
    await abortAllDurableObjects();
    await toms.closing();
    const jerrys = await WorkerdDevice.of(jerry);
    await settle(chat, jerrys);
    await expect.poll(() => isOnline(jerrys, tom), { timeout: 10_000 }).toBe(false);
    await jerrys.message("I am gone");
    await goneFrom(jerrys, tom);
    expect(heard(jerrys, chat)).toEqual(["I am gone"]);
  });

  test("[I7] a conversation that dies while it receives a will sends it at most once, and the author's object keeps it no longer", async () => {
    const { tom, toms, jerrys, chat } = await chatWithWill();
    await settle(chat, toms, jerrys);
    toms.close();
    await runInDurableObject(world.CONVERSATIONS.getByName(chat), (_, state) => state.abort("a test")).catch(
      () => {},
    );
    await expect.poll(() => isHeld(tom), { timeout: 15_000 }).toBe(false);
    await settle(chat, jerrys);
    expect(heard(jerrys, chat).length).toBeLessThanOrEqual(1);
  });
});
