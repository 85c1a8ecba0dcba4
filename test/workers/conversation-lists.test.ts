import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { QUERIES } from "../../src/bounds.ts";
import { ConversationObject } from "../../src/conversation/conversation-object.ts";
import { Outbox } from "../../src/conversation/copy/outbox.ts";
import { Log } from "../../src/conversation/log/log.ts";
import { history, look, named, query, refusal, say, start } from "../support/chat.ts";
import { edit, namedBy } from "./support/commands.ts";
import { breakTable, repair } from "./support/d1.ts";
import { onlineClients, pairChat } from "./support/pair-chat.ts";
import { saidBy } from "./support/rest.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

/** A list of conversations is never older than the state that its client has seen. */

beforeAll(() => openWorld({ messages: { allowEdit: true, allowRecall: true } }));
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
});

/** Conversations as a list shows them: the newest first, each with its last message. */
async function list(device: WorkerdDevice): Promise<[unknown, unknown][]> {
  const found = await query(device, undefined, { flag: 2 });
  return found.map(({ objectId, msg }) => [objectId, msg]);
}

async function twoChats() {
  const { tom, jerry, toms, jerrys, chat: attic } = await pairChat();
  const cellar = await start(toms, [tom, jerry], { unique: false });
  return { tom, jerry, toms, jerrys, attic, cellar };
}

describe("[B-20] [B-22] a list of conversations with their last messages", () => {
  test("[B-20] [B-22] a list shows sent and received messages at once and in order, however fast they follow each other", async () => {
    const { toms, jerrys, attic, cellar } = await twoChats();
    let other: [string, string | undefined] = [cellar, undefined];
    for (const [at, chat] of [attic, cellar, cellar, attic, cellar, attic].entries()) {
      const [last] = at === 0 ? [] : await list(toms);
      if (last !== undefined && last[0] !== chat) other = [String(last[0]), String(last[1])];
      await say(toms, chat, `message ${at}`);
      const expected = [[chat, `message ${at}`], other];
      expect(await list(toms)).toEqual(expected);
      await jerrys.message(`message ${at}`);
      expect(await list(jerrys)).toEqual(expected);
    }
  });

  test("[B-20] [B-22] a list shows an edit of the last message at once", async () => {
    const { toms, jerrys, attic, cellar } = await twoChats();
    await say(toms, attic, "before");
    const ack = await say(toms, cellar, "chese");
    await jerrys.message("chese");
    await edit(toms, namedBy(cellar, ack), "cheese");
    expect(await list(toms)).toEqual([
      [cellar, "cheese"],
      [attic, "before"],
    ]);
    await jerrys.push("patch", "modify");
    expect(await list(jerrys)).toEqual(await list(toms));
  });

  test("[B-20] [B-22] a list shows a message of the app's server at once", async () => {
    const { tom, jerrys, attic, cellar } = await twoChats();
    for (const text of ["one", "two"]) {
      await saidBy(tom, attic, text);
      await jerrys.message(text);
      expect(await list(jerrys)).toEqual([
        [attic, text],
        [cellar, undefined],
      ]);
    }
  });

  test("[B-20] [B-22] a list shows what a device missed, whether it received unread counts or the messages", async () => {
    const { tom, jerry, toms, jerrys, attic, cellar } = await twoChats();
    jerrys.close();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await breakTable("messages");
    await say(toms, attic, "missed");
    await repair();
    const pulling = await WorkerdDevice.of(jerry);
    await pulling.push("unread");
    const expected = [
      [attic, "missed"],
      [cellar, undefined],
    ];
    expect(await list(pulling)).toEqual(expected);
    expect(await list(await WorkerdDevice.of(tom))).toEqual(expected);
  });

  test("[B-20] [B-22] a list shows at least what an answer by id or a page of history showed", async () => {
    for (const show of [look, history]) {
      const { toms, jerrys, attic, cellar } = await twoChats();
      jerrys.close();
      vi.spyOn(console, "warn").mockImplementation(() => {});
      await breakTable("messages");
      await say(toms, attic, "new");
      await repair();
      const device = await WorkerdDevice.of(toms.clientId);
      await show(device, attic);
      expect(await list(device)).toEqual([
        [attic, "new"],
        [cellar, undefined],
      ]);
    }
  });

  test("[B-20] [B-22] a list shows a conversation that was created while D1 was down", async () => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await breakTable("members");
    const chat = await start(toms, [tom, jerry]);
    await jerrys.push("conv", "joined");
    await repair();
    expect(await list(jerrys)).toEqual([[chat, undefined]]);
    expect(await list(toms)).toEqual([[chat, undefined]]);
  });
});

test("[I11] a list is answered from D1 as it is, if D1 accepts no writes", async () => {
  const { toms, attic, cellar } = await twoChats();
  await say(toms, attic, "before");
  expect(await list(toms)).toEqual([
    [attic, "before"],
    [cellar, undefined],
  ]);
  vi.spyOn(console, "warn").mockImplementation(() => {});
  await breakTable("messages");
  await say(toms, cellar, "after");
  expect((await query(toms, undefined, {})).map(({ objectId }) => objectId)).toEqual([attic, cellar]);
  await repair();
  expect(await list(toms)).toEqual([
    [cellar, "after"],
    [attic, "before"],
  ]);
});

test("[I13] a client cannot cause copies of conversations that it was not shown", async () => {
  const [tom, spike] = named("tom", "spike");
  // The conversations do not copy by themselves, however long this takes.
  vi.spyOn(ConversationObject.prototype, "alarm").mockResolvedValue();
  vi.spyOn(Outbox.prototype, "scheduleCopy").mockImplementation(() => {});
  const { toms, attic } = await twoChats();
  // D1 has everything that was shown until now.
  await list(toms);
  const spikes = await WorkerdDevice.of(spike);
  vi.spyOn(console, "warn").mockImplementation(() => {});
  await breakTable("messages");
  const foreign = await start(spikes, [spike], { unique: false });
  await say(spikes, foreign, "behind");
  await say(toms, attic, "behind too");
  await repair();
  const copied = vi.spyOn(ConversationObject.prototype, "copyNow");
  const forged = JSON.stringify([[foreign, 9e15, 9e15]]);
  const strangers = await WorkerdDevice.of(tom);
  const answer = await strangers.ask({ cmd: "conv", op: "query", convMessage: {}, shown: forged });
  expect(answer.convMessage?.results?.data).toBe("[]");
  expect(copied).not.toHaveBeenCalled();
  // A client that was shown that a message is missing has it copied.
  await toms.ask({ cmd: "conv", op: "query", convMessage: {}, shown: forged });
  expect(copied).toHaveBeenCalledTimes(1);
});

test("[B-20] a query by id reads last messages only if it requests them", async () => {
  const { toms, attic, cellar } = await twoChats();
  await say(toms, attic, "one");
  await say(toms, cellar, "two");
  const where = { objectId: { $in: [attic, cellar] } };
  const looked = vi.spyOn(Log.prototype, "lastVisible");
  const without = await query(toms, where);
  expect(looked).not.toHaveBeenCalled();
  const withThem = await query(toms, where, { flag: 2 });
  expect(looked).toHaveBeenCalledTimes(2);
  expect(withThem.map(({ msg }) => msg)).toEqual(["two", "one"]);
  // The answer is as fresh: when something was said last, and in which order.
  const rest = withThem.map(({ objectId, lm, updatedAt }) => ({ objectId, lm, updatedAt }));
  expect(without.map(({ objectId, lm, updatedAt }) => ({ objectId, lm, updatedAt }))).toEqual(rest);
  expect(rest.every(({ lm }) => lm !== undefined)).toBe(true);
});

test("[I13] lists of many clients wait for each other, and too many at once are refused with a code while sockets stay open", async () => {
  const people = named(...Array.from({ length: 12 }, (_, at) => `person ${at}`));
  const devices = await Promise.all(people.map((person) => WorkerdDevice.of(person)));
  const ask = async () => {
    const list = { cmd: "conv", op: "query", convMessage: { where: { data: '{"name":"x"}' } } } as const;
    const all = await Promise.all(devices.map((device) => device.ask(list)));
    return all.map((answer) => refusal(answer) || answer.convMessage?.results?.data);
  };
  const { atOnce, waiting } = QUERIES;
  try {
    QUERIES.atOnce = 1;
    expect(await ask()).toEqual(devices.map(() => "[]"));
    QUERIES.waiting = 0;
    const outcomes = await ask();
    expect(new Set(outcomes)).toEqual(new Set(["[]", "4116 MESSAGE_SENT_QUOTA_EXCEEDED"]));
  } finally {
    Object.assign(QUERIES, { atOnce, waiting });
  }
  expect(devices.map(({ closed }) => closed)).toEqual(devices.map(() => undefined));
  expect(await ask()).toEqual(devices.map(() => "[]"));
});
