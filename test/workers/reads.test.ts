import { evictAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import { change, say } from "../support/chat.ts";
import { read } from "./support/commands.ts";
import { trioChat } from "./support/pair-chat.ts";
import { openWorld, stayAwake, world } from "./support/world.ts";

beforeAll(() => openWorld());

/** Whose cursors share a row in a conversation's object. */
function sharing(chat: string): Promise<string[]> {
  return runInDurableObject(world.CONVERSATIONS.getByName(chat), (_, { storage }) => {
    const [row] = storage.sql.exec<{ reads: string }>("SELECT reads FROM recent_reads").toArray();
    const reads: [string, number, number][] = JSON.parse(row?.reads ?? "[]");
    return reads.map(([clientId]) => clientId).toSorted();
  });
}

test("[I5] [I9] cursors of members who read together share a row, and outlive every object", async () => {
  const { jerry, mary, toms, jerrys, marys, chat } = await trioChat(["tom", "jerry", "mary"]);
  await say(toms, chat, "hi");
  for (const device of [jerrys, marys]) await device.message("hi");
  const readers = async () => {
    const all = await toms.ask({
      cmd: "conv",
      op: "max_read",
      convMessage: { cid: chat, queryAllMembers: true },
    });
    const tuples = all.convMessage?.maxReadTuples ?? [];
    return tuples.filter(({ maxReadTimestamp }) => maxReadTimestamp > 0n).map(({ pid }) => pid);
  };
  const release = stayAwake();
  for (const device of [jerrys, marys]) read(device, chat);
  for (const device of [jerrys, marys]) {
    const push = await device.push("unread");
    expect(push.unreadMessage?.convs).toMatchObject([{ cid: chat, unread: 0 }]);
  }
  release();
  expect(await sharing(chat)).toEqual([jerry, mary].toSorted());
  await evictAllDurableObjects();
  expect((await readers()).toSorted()).toEqual([jerry, mary].toSorted());

  // Whoever comes back has read nothing since.
  await change(toms, "remove", chat, [jerry]);
  await change(toms, "add", chat, [jerry]);
  await evictAllDurableObjects();
  expect(await readers()).toEqual([mary]);
});
