import { runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, test, vi } from "vitest";
import { ConversationObject } from "../../src/conversation/conversation-object.ts";
import { named } from "../support/chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld, world } from "./support/world.ts";

beforeAll(() => openWorld());

const MANY = 150; // conversations, over twice the subscriptions a session may hold

test("[L1] [L4] with more active conversations than subscriptions, each is opened once or twice", async () => {
  const [tom, jerry, spike] = named("tom", "jerry", "spike");
  const dials = vi.spyOn(ConversationObject.prototype, "fetch");
  const toms = await WorkerdDevice.of(tom);
  for (let at = 0; at < MANY; at += 1) {
    const convMessage = { m: [tom, at % 2 === 0 ? jerry : spike], unique: false };
    toms.send({ cmd: "conv", op: "start", peerId: tom, i: 1_000 + at, convMessage });
  }
  for (let at = 0; at < MANY; at += 1) await toms.answer(1_000 + at);
  await vi.waitFor(() => expect(toms.pushes().length).toBe(MANY * 2), { timeout: 20_000 });
  let before = -1;
  while (before !== dials.mock.calls.length) {
    before = dials.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  }
  expect(dials.mock.calls.length).toBeLessThanOrEqual(MANY * 2);
  const held = await runInDurableObject(world.CLIENTS.getByName(tom), (_, state) => {
    return state.getWebSockets().map((socket) => socket.deserializeAttachment().state.subscriptions.length);
  });
  expect(Math.max(...held)).toBeLessThanOrEqual(64 + 16);
  expect(toms.pushes().length).toBe(MANY * 2); // and each notice came once
  dials.mockRestore();
}, 60_000);
