import { evictAllDurableObjects } from "cloudflare:test";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { ClientObject } from "../../src/client/client-object.ts";
import { history, named, say, start } from "../support/chat.ts";
import { caughtUp } from "./support/commands.ts";
import { engineWith } from "./support/engine.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await configure({ limits: { linksPerSession: 64 }, hooks: { url: null } });
});

/** Tom and Jerry in a chat, both online, with every call to Tom's object. */
async function chatWithWakes() {
  const [tom, jerry] = named("tom", "jerry");
  const phone = await WorkerdDevice.of(tom);
  const jerrys = await WorkerdDevice.of(jerry);
  const chat = await start(jerrys, [tom], { unique: false });
  await say(jerrys, chat, "hello");
  await phone.message("hello");
  await caughtUp(chat, phone);
  const wakes = vi.spyOn(ClientObject.prototype, "wake");
  return { tom, phone, jerrys, chat, wakes };
}

test("[L2.1] messages to a client whose every device has a subscription wake nobody, also after hibernation", async () => {
  const { phone, jerrys, chat, wakes } = await chatWithWakes();
  await say(jerrys, chat, "one");
  await evictAllDurableObjects();
  await say(jerrys, chat, "two");
  await phone.message("two");
  expect(phone.texts(chat)).toEqual(["hello", "one", "two"]);
  expect(wakes).not.toHaveBeenCalled();
});

test("[L2.1] the first message after another device's login wakes it, and further ones wake nobody", async () => {
  const { tom, phone, jerrys, chat, wakes } = await chatWithWakes();
  const tablet = await WorkerdDevice.of(tom);
  await say(jerrys, chat, "one");
  await tablet.message("one");
  expect(wakes).toHaveBeenCalledTimes(1);
  await say(jerrys, chat, "two");
  for (const device of [phone, tablet]) await device.message("two");
  expect(wakes).toHaveBeenCalledTimes(1);
});

test("[L3.4] a client that is offline is called for the first message and for no other", async () => {
  const { phone, jerrys, chat, wakes } = await chatWithWakes();
  phone.close();
  await expect
    .poll(async () => {
      await say(jerrys, chat, "are you there?");
      return wakes.mock.calls.length;
    })
    .toBe(1);
  for (const text of ["one", "two"]) await say(jerrys, chat, text);
  expect(await history(jerrys, chat)).toContain("two");
  expect(wakes).toHaveBeenCalledTimes(1);
});

test("[L2.2] a device that logs in while its object's clock is behind is woken", async () => {
  const { tom, jerrys, chat } = await chatWithWakes();
  await evictAllDurableObjects();
  const real = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => real() - 5_000);
  const tablet = await WorkerdDevice.of(tom);
  await say(jerrys, chat, "one");
  await tablet.message("one");
});

test("[L2.4] [L4] a transient message stays behind the message before it while a subscription makes room", async () => {
  const [tom, jerry] = named("tom", "jerry");
  await engineWith({
    _messageReceived: async ({ content }) => {
      if (content === "slow") await new Promise((resolve) => setTimeout(resolve, 1_000));
      return {};
    },
  });
  await configure({ limits: { linksPerSession: 1 } });
  const toms = await WorkerdDevice.of(tom);
  const jerrys = await WorkerdDevice.of(jerry);
  const chat = await start(jerrys, [tom], { unique: false });
  const other = await start(jerrys, [tom], { unique: false });
  await caughtUp(chat, toms);
  // The answer to this keeps the subscription, until it comes.
  toms.send({ cmd: "direct", peerId: tom, i: 900, directMessage: { cid: chat, msg: "slow" } });
  await toms.ask({ cmd: "conv", op: "count", convMessage: { cid: other } });
  await say(jerrys, chat, "stored");
  await say(jerrys, chat, "typing", { transient: true });
  await toms.message("typing");
  expect(toms.texts(chat)).toEqual(["stored", "typing"]);
});
