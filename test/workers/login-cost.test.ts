import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { ConversationObject } from "../../src/conversation/conversation-object.ts";
import { newConversationId } from "../../src/conversation/messages/ids.ts";
import { named, say, start } from "../support/chat.ts";
import { conversation } from "../support/records.ts";
import { loggedIn, read } from "./support/commands.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld, world } from "./support/world.ts";

/** A login costs as much as there is news, not as much as one has conversations (budgets). */

beforeAll(() => openWorld());
afterEach(() => vi.restoreAllMocks());

const MANY = 200;

/** What a logout writes: the tokens of its device are over. */
const LOGOUT = { "INSERT OR REPLACE INTO logouts": 1 };

/** The tables of the app's one object. */
const OF_THE_APP = / (presence|facts)$/;

/**
 * Counts the questions to conversations, and the rows that clients and conversations write, by statement, from now on.
 * What the app's object writes is left out: a row as a client comes and one as he goes, however many conversations he
 * has, is in the budget apart; and when exactly it is told is none of the login's business.
 */
async function counting(clientId: string) {
  const rows: Record<string, number> = {};
  await runInDurableObject(world.CLIENTS.getByName(clientId), (_, { storage }) => {
    // All storages share their methods.
    const prototype: typeof storage.sql = Object.getPrototypeOf(storage.sql);
    const exec = prototype.exec;
    vi.spyOn(prototype, "exec").mockImplementation(function (this: unknown, ...args: unknown[]) {
      const cursor = Reflect.apply(exec, this, args);
      // A cursor knows once it was read to its end, which is always within the turn.
      queueMicrotask(() => {
        if (cursor.rowsWritten === 0) return;
        const statement = String(args[0]).replace(/ (VALUES|SET|WHERE|SELECT)\b.*/s, "");
        if (OF_THE_APP.test(statement)) return;
        rows[statement] = (rows[statement] ?? 0) + cursor.rowsWritten;
      });
      return cursor;
    });
  });
  const asked = vi.spyOn(ConversationObject.prototype, "catchUp");
  return { rows, asked: () => asked.mock.calls.filter(([asking]) => asking === clientId).length };
}

/** A conversation of Tom and Jerry, made while Tom is offline: his sessions would add work of their own. */
async function made(tom: string, jerry: string): Promise<string> {
  const now = Date.now();
  const id = newConversationId(now);
  const stub = world.CONVERSATIONS.getByName(id);
  await runInDurableObject(stub, (object) => {
    if (!(object instanceof ConversationObject)) throw new Error("no conversation");
    const members = [tom, jerry];
    return object.start(
      conversation(id, { creator: tom, members, createdAt: now, updatedAt: now }),
      "client",
    );
  });
  return id;
}

/** Tom, and Jerry in very many conversations with Tom, all of which Jerry has received. */
async function manyChats() {
  const [tom, jerry] = named("tom", "jerry");
  const chats: string[] = [];
  while (chats.length < MANY) {
    chats.push(...(await Promise.all(Array.from({ length: 20 }, () => made(tom, jerry)))));
  }
  const toms = await WorkerdDevice.of(tom);
  await pause();
  const told = await counting(jerry);
  const know = await loggedIn(jerry);
  await expect.poll(told.asked, { timeout: 10_000 }).toBe(MANY);
  await pause();
  await know.ask({ cmd: "session", op: "close" });
  vi.restoreAllMocks();
  return { tom, jerry, toms, chats };
}

/** Waits until calls between objects that nothing waits for have arrived. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 500));

/** The unread conversations of the next push, sorted. */
async function unreadIn(device: WorkerdDevice): Promise<string[]> {
  return ((await device.push("unread")).unreadMessage?.convs ?? []).map(({ cid }) => cid).toSorted();
}

test("[I9] of 200 conversations exactly the three with news are asked, and only the inbox is written", async () => {
  const { jerry, toms, chats } = await manyChats();
  const quiet = await counting(jerry);
  const first = await loggedIn(jerry);
  expect([quiet.asked(), quiet.rows]).toEqual([0, {}]);
  await first.ask({ cmd: "session", op: "close" });
  expect([quiet.asked(), quiet.rows]).toEqual([0, LOGOUT]);
  vi.restoreAllMocks();

  const talking = [7, 77, 177].map((at) => chats[at] ?? "");
  for (const chat of talking) await say(toms, chat, "news");
  await pause();
  const busy = await counting(jerry);
  const second = await loggedIn(jerry);
  expect(await unreadIn(second)).toEqual(talking.toSorted());
  expect(busy.asked()).toBe(3);
  // 3 that he is not away any more, and at most one row each for his inbox.
  const { "UPDATE members": away = 0, "INSERT OR REPLACE INTO inbox": inbox = 0, ...others } = busy.rows;
  expect(others).toEqual({});
  expect(away).toBeLessThanOrEqual(3);
  expect(inbox).toBeLessThanOrEqual(3);
  await second.ask({ cmd: "session", op: "close" });
  vi.restoreAllMocks();

  // Still unread: asked and told again, and nothing new is written.
  const again = await counting(jerry);
  const third = await loggedIn(jerry);
  expect(await unreadIn(third)).toEqual(talking.toSorted());
  expect([again.asked(), again.rows]).toEqual([3, {}]);
  await third.ask({ cmd: "session", op: "close" });
}, 60_000);

test("[I9] once everything is read, a login asks no conversation", async () => {
  const [jerry] = named("jerry");
  const { tom, toms } = await onlineClients("tom");
  const chats = [
    await start(toms, [tom, jerry], { unique: false }),
    await start(toms, [tom, jerry], { unique: false }),
  ];
  for (const chat of chats) await say(toms, chat, "news");
  const jerrys = await loggedIn(jerry);
  expect(await unreadIn(jerrys)).toEqual(chats.toSorted());
  for (const chat of chats) {
    read(jerrys, chat);
    await jerrys.push("unread");
  }
  await jerrys.ask({ cmd: "session", op: "close" });
  await pause();
  const settled = await loggedIn(jerry);
  await pause();
  await settled.ask({ cmd: "session", op: "close" });
  const count = await counting(jerry);
  const again = await loggedIn(jerry);
  expect([count.asked(), count.rows]).toEqual([0, {}]);
  await again.ask({ cmd: "session", op: "close" });
  expect([count.asked(), count.rows]).toEqual([0, LOGOUT]);
});
