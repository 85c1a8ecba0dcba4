import { beforeAll, describe, expect, test } from "vitest";
import { CommandType } from "../../src/protocol/generated/message_pb.js";
import { change, logs, say } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { acknowledge, namedBy, pushesOf, read } from "./support/commands.ts";
import { onlineClients, pairChat } from "./support/pair-chat.ts";
import { type Cursors, cursorsOf, tell } from "./support/receipts.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

describe("cursors", () => {
  test("[M-44] `max_read` returns the delivered and read cursors of the other member", async () => {
    const { jerry, toms, jerrys, chat } = await pairChat();
    expect(await cursorsOf(toms, chat)).toEqual({ delivered: 0, read: 0 });
    const one = await tell(toms, chat, "one", jerrys);
    const two = await tell(toms, chat, "two", jerrys);
    acknowledge(jerrys, chat, { mid: two.mid });
    read(jerrys, chat, { timestamp: Number(one.timestamp) });
    await expect.poll(() => cursorsOf(toms, chat)).toMatchObject({ read: expect.any(Number) });
    await expect.poll(async () => (await cursorsOf(toms, chat)).read > 0).toBe(true);
    const found = await cursorsOf(toms, chat);
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
    expect(await cursorsOf(jerrys, chat)).toEqual({ delivered: 0, read: 0 });
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
    let last: Cursors = { delivered: 0, read: 0 };
    for (const at of [1, 0, 2, 0, 1]) {
      const message = said[at];
      acknowledge(jerrys, chat, { mid: message?.mid });
      read(jerrys, chat, { timestamp: Number(message?.timestamp) });
      await jerrys.push("unread");
      const now = await cursorsOf(toms, chat);
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
    await expect.poll(async () => (await cursorsOf(toms, chat)).delivered > 0).toBe(true);
    const seen = await cursorsOf(toms, chat);
    jerrys.close();
    expect(await cursorsOf(toms, chat)).toEqual(seen);
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
  expect(await cursorsOf(again, chat)).toEqual({ delivered: seen[1], read: seen[1] });
});
