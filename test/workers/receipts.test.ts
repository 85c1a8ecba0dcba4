import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { CommandType } from "../../src/protocol/generated/message_pb.js";
import { change, logs, named, say, settle } from "../support/chat.ts";
import type { CommandInit } from "../support/frames.ts";
import { has } from "../support/frames.ts";
import {
  acknowledge,
  caughtUp,
  loggedIn,
  namedBy,
  notifications,
  pushesOf,
  read,
} from "./support/commands.ts";
import { onlineClients, pairChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld, world } from "./support/world.ts";

beforeAll(() => openWorld());

/** Sends a message that asks for receipts, and waits until the others have it. */
async function tell(device: WorkerdDevice, chat: string, text: string, ...others: WorkerdDevice[]) {
  const message = namedBy(chat, await say(device, chat, text, { r: true }));
  for (const other of others) await other.message(text);
  return message;
}

/** "delivered <id>" or "read <id>" for each receipt so far. */
function receipts(device: WorkerdDevice): string[] {
  return pushesOf(device, "rcp").map(({ rcpMessage }) => {
    return `${rcpMessage?.read ? "read" : "delivered"} ${rcpMessage?.id}`;
  });
}

interface Marks {
  delivered: number;
  read: number;
}

/** Resolves once the conversation has noticed that a client left, a moment after its last device did. */
async function untilUnsubscribed(chat: string, clientId: string): Promise<void> {
  const clients = () =>
    runInDurableObject(world.CONVERSATIONS.getByName(chat), (_, state) => {
      return state.getWebSockets().map((socket) => socket.deserializeAttachment()?.clientId);
    });
  await expect.poll(clients).not.toContain(clientId);
}

/** What `max_read` answers; 0 for what is absent. */
async function marks(device: WorkerdDevice, cid: string): Promise<Marks> {
  const { convMessage } = await device.ask({ cmd: "conv", op: "max_read", convMessage: { cid } });
  return {
    delivered: Number(convMessage?.maxAckTimestamp ?? 0n),
    read: Number(convMessage?.maxReadTimestamp ?? 0n),
  };
}

describe("delivery", () => {
  type Form = (message: { mid: string; timestamp: number }) => CommandInit["ackMessage"];
  test.each<[string, Form]>([
    ["a range (JavaScript)", ({ timestamp }) => ({ fromts: timestamp, tots: timestamp })],
    ["its id (Swift, Objective-C, Java, C#)", ({ mid }) => ({ mid })],
    ["everything up to it (Java, after history)", ({ timestamp }) => ({ tots: timestamp })],
  ])(
    "[M-39] [wire §4.7] the sender receives a receipt when a message is acknowledged by %s",
    async (_, form) => {
      const { tom, jerry, toms, jerrys, chat } = await pairChat();
      const message = await tell(toms, chat, "did you get it?", jerrys);
      const before = Date.now();
      acknowledge(jerrys, chat, form({ mid: message.mid, timestamp: Number(message.timestamp) }));
      const push = await toms.push("rcp");
      expect([push.peerId, push.service, has(push, "i"), has(push, "serverTs")]).toEqual([
        tom,
        2,
        false,
        true,
      ]);
      expect(push.rcpMessage).toMatchObject({ id: message.mid, cid: chat, from: jerry });
      expect(Number(push.rcpMessage?.t)).toBeGreaterThanOrEqual(Number(message.timestamp));
      expect(Number(push.rcpMessage?.t)).toBeLessThanOrEqual(Date.now() + 1_000);
      expect(Date.now()).toBeGreaterThanOrEqual(before);
      // gotcha 11: not even `read: false`.
      expect(has(push.rcpMessage, "read")).toBe(false);
      await settle(chat, jerrys, toms);
      expect(receipts(toms)).toEqual([`delivered ${message.mid}`]);
      expect(pushesOf(jerrys, "rcp")).toEqual([]);
    },
  );

  test("[M-37] only messages that request a receipt cause one of delivery", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const plain = namedBy(chat, await say(toms, chat, "plain"));
    await jerrys.message("plain");
    acknowledge(jerrys, chat, { mid: plain.mid });
    await settle(chat, jerrys, toms);
    expect(receipts(toms)).toEqual([]);
    const asked = await tell(toms, chat, "asked", jerrys);
    const after = namedBy(chat, await say(toms, chat, "plain again"));
    await jerrys.message("plain again");
    acknowledge(jerrys, chat, { fromts: Number(plain.timestamp), tots: Number(after.timestamp) });
    await toms.push("rcp");
    await settle(chat, jerrys, toms);
    expect(receipts(toms)).toEqual([`delivered ${asked.mid}`]);
  });

  test("[M-40] an acknowledged range causes one receipt for each message in it, oldest first", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const said = [];
    for (const text of ["1", "2", "3"]) said.push(await tell(toms, chat, text, jerrys));
    const [first, second, third] = said;
    const [from, to] = [Number(first?.timestamp), Number(third?.timestamp)];
    acknowledge(jerrys, chat, { mid: second?.mid });
    for (let again = 0; again < 3; again += 1) acknowledge(jerrys, chat, { fromts: from, tots: to });
    acknowledge(jerrys, chat, { mid: first?.mid });
    await settle(chat, jerrys, toms);
    expect(receipts(toms).filter((receipt) => receipt.endsWith(third?.mid ?? "?"))).toHaveLength(1);
    expect(receipts(toms).at(-1)).toBe(`delivered ${third?.mid}`);
    expect(new Set(receipts(toms)).size).toBe(receipts(toms).length);
    const times = pushesOf(toms, "rcp").map(({ rcpMessage }) => Number(rcpMessage?.t));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeGreaterThanOrEqual(to);
  });

  test("[M-40] the time of a receipt covers the delivered messages and no others", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const first = await tell(toms, chat, "first", jerrys);
    const second = await tell(toms, chat, "second", jerrys);
    acknowledge(jerrys, chat, { mid: first.mid });
    const t = Number((await toms.push("rcp")).rcpMessage?.t);
    expect(t).toBeGreaterThanOrEqual(Number(first.timestamp));
    expect(t).toBeLessThan(Number(second.timestamp));
  });

  test("[wire §5.2] every device of the sender receives the receipt", async () => {
    const { tom, toms, jerrys, chat } = await pairChat();
    const tablet = await WorkerdDevice.of(tom);
    await caughtUp(chat, tablet);
    const message = await tell(toms, chat, "hi", jerrys, tablet);
    acknowledge(jerrys, chat, { mid: message.mid });
    for (const device of [toms, tablet]) {
      expect((await device.push("rcp")).rcpMessage?.id).toBe(message.mid);
    }
  });

  test("[wire §5.2] the sender's own other device causes no receipt of delivery", async () => {
    const { tom, toms, jerrys, chat } = await pairChat();
    const tablet = await WorkerdDevice.of(tom);
    await caughtUp(chat, tablet);
    const message = await tell(toms, chat, "hi", jerrys, tablet);
    for (const device of [toms, tablet]) {
      acknowledge(device, chat, { mid: message.mid });
      acknowledge(device, chat, { tots: Number(message.timestamp) });
      read(device, chat);
    }
    await settle(chat, tablet, toms);
    expect([receipts(toms), receipts(tablet)]).toEqual([[], []]);
    expect(await marks(toms, chat)).toEqual({ delivered: 0, read: 0 });
    acknowledge(jerrys, chat, { mid: message.mid });
    await toms.push("rcp");
  });

  test("[M-38] a conversation of three has no receipts of delivery, and has them once two members are left", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const [spike] = named("spike");
    await change(toms, "add", chat, [spike]);
    const ignored = await tell(toms, chat, "ignored", jerrys);
    acknowledge(jerrys, chat, { mid: ignored.mid });
    read(jerrys, chat);
    await jerrys.push("unread");
    await settle(chat, jerrys, toms);
    expect(receipts(toms)).toEqual([]);
    await change(toms, "remove", chat, [spike]);
    const heeded = await tell(toms, chat, "heeded", jerrys);
    acknowledge(jerrys, chat, { mid: heeded.mid });
    expect((await toms.push("rcp")).rcpMessage?.id).toBe(heeded.mid);
  });

  test("[M-26] [M-37] transient messages cause no receipt of delivery", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const passing = namedBy(chat, await say(toms, chat, "passing", { r: true, transient: true }));
    await jerrys.message("passing");
    acknowledge(jerrys, chat, { mid: passing.mid });
    acknowledge(jerrys, chat, { tots: Number(passing.timestamp) });
    await settle(chat, jerrys, toms);
    expect(receipts(toms)).toEqual([]);
  });

  test("[I12] acknowledgements of strangers, or of messages that were never sent, cause no receipt", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const { spikes } = await onlineClients("spike");
    const message = await tell(toms, chat, "hi", jerrys);
    acknowledge(spikes, chat, { mid: message.mid });
    acknowledge(spikes, chat, { tots: Number(message.timestamp) });
    acknowledge(jerrys, chat, { mid: "no id of ours" });
    acknowledge(jerrys, chat, {});
    acknowledge(jerrys, chat, { tots: -1 });
    acknowledge(jerrys, chat, { tots: 0 });
    acknowledge(jerrys, "0".repeat(24), { tots: Number(message.timestamp) });
    await settle(chat, jerrys, toms);
    expect(receipts(toms)).toEqual([]);
    expect((await marks(toms, chat)).delivered).toBe(0);
  });

  test("[I5] an acknowledgement of a future time covers only the messages there are", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const first = await tell(toms, chat, "first", jerrys);
    acknowledge(jerrys, chat, { tots: Date.now() + 86_400_000 });
    const t = Number((await toms.push("rcp")).rcpMessage?.t);
    expect(t).toBeLessThanOrEqual(Date.now() + 1_000);
    expect((await marks(toms, chat)).delivered).toBeLessThanOrEqual(Date.now() + 1_000);
    const second = await tell(toms, chat, "second", jerrys);
    expect((await marks(toms, chat)).delivered).toBeLessThan(Number(second.timestamp));
    acknowledge(jerrys, chat, { mid: second.mid });
    expect((await toms.push("rcp")).rcpMessage?.id).toBe(second.mid);
    expect(first.mid).not.toBe(second.mid);
  });
});

describe("reading", () => {
  test("[M-43] [M-44] the sender receives a receipt for the newest message that was read", async () => {
    const { jerry, toms, jerrys, chat } = await pairChat();
    await tell(toms, chat, "one", jerrys);
    const two = await tell(toms, chat, "two", jerrys);
    await say(toms, chat, "not asked for");
    await jerrys.message("not asked for");
    read(jerrys, chat);
    const push = await toms.expect("a read receipt", ({ rcpMessage }) => rcpMessage?.read === true);
    expect(push.rcpMessage).toMatchObject({ id: two.mid, cid: chat, from: jerry, read: true });
    expect(Number(push.rcpMessage?.t)).toBeGreaterThanOrEqual(Number(two.timestamp));
    await settle(chat, jerrys, toms);
    expect(receipts(toms).filter((receipt) => receipt.startsWith("read"))).toEqual([`read ${two.mid}`]);
  });

  test("[M-41] a receipt of delivery does not move the read cursor", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const message = await tell(toms, chat, "hi", jerrys);
    acknowledge(jerrys, chat, { mid: message.mid });
    await settle(chat, jerrys, toms);
    expect(receipts(toms)).toEqual([`delivered ${message.mid}`]);
    const { delivered, read: readUpTo } = await marks(toms, chat);
    expect(delivered).toBeGreaterThanOrEqual(Number(message.timestamp));
    expect(readUpTo).toBe(0);
  });

  test("[M-43] a read up to a message causes a receipt for that message, and for none after it", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const one = await tell(toms, chat, "one", jerrys);
    const two = await tell(toms, chat, "two", jerrys);
    read(jerrys, chat, { timestamp: Number(one.timestamp), mid: one.mid });
    const push = await toms.expect("a read receipt", ({ rcpMessage }) => rcpMessage?.read === true);
    expect(push.rcpMessage?.id).toBe(one.mid);
    expect(Number(push.rcpMessage?.t)).toBeLessThan(Number(two.timestamp));
    read(jerrys, chat);
    const next = await toms.expect("the next one", ({ rcpMessage }) => rcpMessage?.id === two.mid);
    expect(next.rcpMessage?.read).toBe(true);
  });

  test("[M-37] [M-43] there is no receipt for messages that did not ask, for the reader's own, or a second time", async () => {
    const { toms, jerrys, chat } = await pairChat();
    await say(toms, chat, "plain");
    await jerrys.message("plain");
    await tell(jerrys, chat, "Jerry's own", toms);
    read(jerrys, chat);
    await settle(chat, jerrys, toms);
    expect([receipts(toms), receipts(jerrys)]).toEqual([[], []]);
    const asked = await tell(toms, chat, "asked", jerrys);
    read(jerrys, chat);
    read(jerrys, chat);
    await settle(chat, jerrys, toms);
    expect(receipts(toms).filter((receipt) => receipt.startsWith("read"))).toEqual([`read ${asked.mid}`]);
  });

  test("[M-40] no receipt of delivery follows a receipt of reading", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const message = await tell(toms, chat, "hi", jerrys);
    read(jerrys, chat);
    await toms.expect("a read receipt", ({ rcpMessage }) => rcpMessage?.read === true);
    const { delivered, read: readUpTo } = await marks(toms, chat);
    expect(readUpTo).toBeGreaterThanOrEqual(Number(message.timestamp));
    expect(delivered).toBeGreaterThanOrEqual(readUpTo);
  });
});

describe("cursors", () => {
  test("[M-44] `max_read` returns the delivered and read cursors of the other member", async () => {
    const { jerry, toms, jerrys, chat } = await pairChat();
    expect(await marks(toms, chat)).toEqual({ delivered: 0, read: 0 });
    const one = await tell(toms, chat, "one", jerrys);
    const two = await tell(toms, chat, "two", jerrys);
    acknowledge(jerrys, chat, { mid: two.mid });
    read(jerrys, chat, { timestamp: Number(one.timestamp) });
    await expect.poll(() => marks(toms, chat)).toMatchObject({ read: expect.any(Number) });
    await expect.poll(async () => (await marks(toms, chat)).read > 0).toBe(true);
    const found = await marks(toms, chat);
    expect(found.delivered).toBeGreaterThanOrEqual(Number(two.timestamp));
    expect(found.read).toBeGreaterThanOrEqual(Number(one.timestamp));
    expect(found.read).toBeLessThan(Number(two.timestamp));
    const all = await toms.ask({
      cmd: "conv",
      op: "max_read",
      convMessage: { cid: chat, queryAllMembers: true },
    });
    expect(all.convMessage?.maxReadTuples).toMatchObject([
      { pid: jerry, maxAckTimestamp: BigInt(found.delivered), maxReadTimestamp: BigInt(found.read) },
    ]);
    // Jerry asks about Tom, who has received nothing.
    expect(await marks(jerrys, chat)).toEqual({ delivered: 0, read: 0 });
  });

  test("[wire §4.5] `max_read` with all members has one entry for each that received something, in groups too", async () => {
    const { jerry, toms, jerrys, chat } = await pairChat();
    const { spike, spikes } = await onlineClients("spike");
    await change(toms, "add", chat, [spike]);
    await tell(toms, chat, "hi", jerrys, spikes);
    read(jerrys, chat);
    await jerrys.push("unread");
    const all = await toms.ask({
      cmd: "conv",
      op: "max_read",
      convMessage: { cid: chat, queryAllMembers: true },
    });
    const readers = (all.convMessage?.maxReadTuples ?? []).filter(
      ({ maxReadTimestamp }) => maxReadTimestamp > 0n,
    );
    expect(readers.map(({ pid }) => pid)).toEqual([jerry]);
  });

  test("[I5] cursors only move forward, in whatever order acknowledgements and reads arrive", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const said = [];
    for (const text of ["1", "2", "3"]) said.push(await tell(toms, chat, text, jerrys));
    let last: Marks = { delivered: 0, read: 0 };
    for (const at of [1, 0, 2, 0, 1]) {
      const message = said[at];
      acknowledge(jerrys, chat, { mid: message?.mid });
      read(jerrys, chat, { timestamp: Number(message?.timestamp) });
      await jerrys.push("unread");
      const now = await marks(toms, chat);
      expect(now.delivered).toBeGreaterThanOrEqual(last.delivered);
      expect(now.read).toBeGreaterThanOrEqual(last.read);
      last = now;
    }
    expect(last.read).toBeGreaterThanOrEqual(Number(said[2]?.timestamp));
  });

  test("[I9] a cursor that was shown is still there after its member has left", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const message = namedBy(chat, await say(toms, chat, "plain"));
    await jerrys.message("plain");
    acknowledge(jerrys, chat, { mid: message.mid });
    await expect.poll(async () => (await marks(toms, chat)).delivered > 0).toBe(true);
    const seen = await marks(toms, chat);
    jerrys.close();
    expect(await marks(toms, chat)).toEqual(seen);
  });

  test("[I12] `max_read` is refused to clients that are not members", async () => {
    const { chat } = await pairChat();
    const { spikes } = await onlineClients("spike");
    const answer = await spikes.ask({ cmd: "conv", op: "max_read", convMessage: { cid: chat } });
    expect(answer.cmd).toBe(CommandType.error);
  });
});

describe("history", () => {
  test("[wire §4.9] history shows for each message when the other member received and read it", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const one = await tell(toms, chat, "one", jerrys);
    const two = await tell(toms, chat, "two", jerrys);
    await tell(toms, chat, "three", jerrys);
    acknowledge(jerrys, chat, { mid: two.mid });
    read(jerrys, chat, { timestamp: Number(one.timestamp) });
    await jerrys.push("unread");
    await toms.expect("a read receipt", ({ rcpMessage }) => rcpMessage?.read === true);
    const page = await logs(toms, chat, { limit: 10 });
    const shown = (page.logsMessage?.logs ?? []).map((item) => {
      return [
        item.data,
        has(item, "ackAt") && item.ackAt >= item.timestamp,
        has(item, "readAt") && item.readAt >= item.timestamp,
      ];
    });
    expect(shown).toEqual([
      ["one", true, true],
      ["two", true, false],
      ["three", false, false],
    ]);
    for (const item of page.logsMessage?.logs ?? []) {
      if (item.data === "two") expect(has(item, "readAt")).toBe(false);
      if (item.data === "three") expect([has(item, "ackAt"), has(item, "readAt")]).toEqual([false, false]);
    }
  });
});

test("[M-39] [M-40] history and `max_read` show delivery and reading, also later and on new devices", async () => {
  const { tom, toms, jerrys, chat } = await pairChat();
  const pause = () => new Promise((resolve) => setTimeout(resolve, 30));
  const told = (isRead: boolean) =>
    pushesOf(toms, "rcp")
      .filter(({ rcpMessage }) => (rcpMessage?.read === true) === isRead)
      .map(({ rcpMessage }) => Number(rcpMessage?.t));
  const said = [];
  for (const text of ["one", "two"]) {
    const message = await tell(toms, chat, text, jerrys);
    said.push(message);
    await pause();
    acknowledge(jerrys, chat, { mid: message.mid });
    await expect.poll(() => told(false).length).toBe(said.length);
    await pause();
    read(jerrys, chat, { timestamp: Number(message.timestamp) });
    await expect.poll(() => told(true).length).toBe(said.length);
  }
  const [got, seen] = [told(false), told(true)];
  for (const [at, { timestamp }] of said.entries()) {
    expect(got[at]).toBeGreaterThan(Number(timestamp) + 20);
    expect(seen[at]).toBeGreaterThan((got[at] ?? 0) + 20);
  }
  toms.close();
  jerrys.close();
  const again = await WorkerdDevice.of(tom);
  const page = await logs(again, chat, { limit: 10 });
  const shown = (page.logsMessage?.logs ?? []).map(({ ackAt, readAt }) => [Number(ackAt), Number(readAt)]);
  expect(shown).toEqual([
    [got[0], seen[0]],
    [got[1], seen[1]],
  ]);
  expect(await marks(again, chat)).toEqual({ delivered: seen[1], read: seen[1] });
});

describe("a sender that is offline", () => {
  test("[M-44] a sender that was offline finds receipts by `max_read` and among the missed events", async () => {
    const { tom, jerry, toms, jerrys, chat } = await pairChat();
    const since = Date.now();
    const message = await tell(toms, chat, "hi", jerrys);
    await toms.ask({ cmd: "session", op: "close" });
    await untilUnsubscribed(chat, tom);
    acknowledge(jerrys, chat, { mid: message.mid });
    await jerrys.ask({ cmd: "conv", op: "count", convMessage: { cid: chat } });
    read(jerrys, chat);
    await jerrys.push("unread");
    const back = await loggedIn(tom);
    const found = await marks(back, chat);
    expect(found.read).toBeGreaterThanOrEqual(Number(message.timestamp));
    expect(found.delivered).toBeGreaterThanOrEqual(found.read);
    const { status, body } = await notifications(tom, back.token, {
      start_ts: since,
      notification_type: "permanent",
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ hasMore: false });
    const kept = JSON.parse(JSON.stringify(body)).notifications.filter(
      ({ cmd }: { cmd: string }) => cmd === "rcp",
    );
    expect(kept).toMatchObject([
      { cid: chat, id: message.mid, from: jerry, notificationType: 1 },
      { cid: chat, id: message.mid, from: jerry, notificationType: 1, read: true },
    ]);
    expect(kept[0]).not.toHaveProperty("read");
    for (const { t, serverTs } of kept) {
      expect(t).toBeGreaterThanOrEqual(Number(message.timestamp));
      expect(serverTs).toBeGreaterThan(since);
    }
  });
});
