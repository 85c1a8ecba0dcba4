import { beforeAll, describe, expect, test } from "vitest";
import { change, named, say, settle } from "../support/chat.ts";
import type { CommandInit } from "../support/frames.ts";
import { has } from "../support/frames.ts";
import { acknowledge, caughtUp, namedBy, pushesOf, read } from "./support/commands.ts";
import { onlineClients, pairChat } from "./support/pair-chat.ts";
import { cursorsOf, receipts, tell } from "./support/receipts.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

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
    expect(await cursorsOf(toms, chat)).toEqual({ delivered: 0, read: 0 });
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
    expect((await cursorsOf(toms, chat)).delivered).toBe(0);
  });

  test("[I5] an acknowledgement of a future time covers only the messages there are", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const first = await tell(toms, chat, "first", jerrys);
    acknowledge(jerrys, chat, { tots: Date.now() + 86_400_000 });
    const t = Number((await toms.push("rcp")).rcpMessage?.t);
    expect(t).toBeLessThanOrEqual(Date.now() + 1_000);
    expect((await cursorsOf(toms, chat)).delivered).toBeLessThanOrEqual(Date.now() + 1_000);
    const second = await tell(toms, chat, "second", jerrys);
    expect((await cursorsOf(toms, chat)).delivered).toBeLessThan(Number(second.timestamp));
    acknowledge(jerrys, chat, { mid: second.mid });
    expect((await toms.push("rcp")).rcpMessage?.id).toBe(second.mid);
    expect(first.mid).not.toBe(second.mid);
  });
});
