import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test, vi } from "vitest";
import { ClientObject } from "../../src/client/client-object.ts";
import { history, named, say, start } from "../support/chat.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

const conversation = (id: string) => env.CONVERSATIONS.getByName(id);

/** Everything a device got in a conversation came once and in order, and nothing of it is missing. */
async function expectAll(device: WorkerdDevice, chat: string, texts: string[]): Promise<void> {
  const last = texts.at(-1);
  if (last !== undefined && !device.texts(chat).includes(last)) await device.message(last);
  expect(device.texts(chat)).toEqual(texts);
}

test("[L4] evicted subscriptions lose nothing and repeat nothing", async () => {
  await configure({ limits: { linksPerSession: 1 } });
  try {
    const [tom, jerry] = named("tom", "jerry");
    const phone = await WorkerdDevice.of(tom);
    const tablet = await WorkerdDevice.of(tom);
    const jerrys = await WorkerdDevice.of(jerry);
    const chats = [await start(jerrys, [tom]), await start(jerrys, [tom]), await start(jerrys, [tom])];
    const said = new Map<string, string[]>(chats.map((chat) => [chat, []]));
    for (let round = 0; round < 8; round += 1) {
      for (const chat of chats) {
        const text = `${chats.indexOf(chat)}/${round}`;
        await say(jerrys, chat, text);
        said.get(chat)?.push(text);
      }
    }
    for (const chat of chats) {
      await expectAll(phone, chat, said.get(chat) ?? []);
      await expectAll(tablet, chat, said.get(chat) ?? []);
    }
  } finally {
    await configure({ limits: { linksPerSession: 64 } });
  }
});

test("[L7] a subscription to a conversation that dies reopens where it broke off", async () => {
  const { jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const chat = await start(toms, [jerry]);
  const said: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    const text = `round ${round}`;
    await say(toms, chat, text, { dt: text });
    said.push(text);
    if (round === 3) {
      await runInDurableObject(conversation(chat), (_, state) => state.abort("a test")).catch(() => {});
    }
  }
  await expectAll(jerrys, chat, said);
  expect(await history(toms, chat)).toEqual(said);
  expect(toms.closed).toBeUndefined();
  expect(jerrys.closed).toBeUndefined();
});

test("[L3] messages for which a client could not be woken arrive later, in order", async () => {
  const [jerry] = named("jerry");
  const { toms } = await onlineClients("tom");
  const chat = await start(toms, [jerry]);
  const jerrys = await WorkerdDevice.of(jerry);
  const broken = vi.spyOn(ClientObject.prototype, "wake").mockRejectedValue(new Error("a test"));
  await say(toms, chat, "one");
  await say(toms, chat, "two");
  broken.mockRestore();
  // The alarm retries; a later message must not overtake the pending ones.
  await say(toms, chat, "three");
  await runDurableObjectAlarm(conversation(chat));
  await expectAll(jerrys, chat, ["one", "two", "three"]);
});

test("a client's socket that closes also closes its links", async () => {
  const { jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const chat = await start(toms, [jerry]);
  await say(toms, chat, "hi");
  await jerrys.message("hi");
  await say(jerrys, chat, "hello");
  const open = () => runInDurableObject(conversation(chat), (_, state) => state.getWebSockets().length);
  expect(await open()).toBe(2);
  toms.close();
  await expect.poll(open, { timeout: 5_000 }).toBe(1);
  jerrys.close();
  await expect.poll(open, { timeout: 5_000 }).toBe(0);
});

test("[I9] a quiet conversation has no alarm and nothing to do", async () => {
  const { jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const chat = await start(toms, [jerry]);
  await say(toms, chat, "hi");
  await jerrys.message("hi");
  const alarm = () => runInDurableObject(conversation(chat), (_, state) => state.storage.getAlarm());
  const alarmAfterWork = async () => {
    await runDurableObjectAlarm(conversation(chat));
    return alarm();
  };
  await expect.poll(alarmAfterWork, { timeout: 20_000 }).toBeNull();
});
