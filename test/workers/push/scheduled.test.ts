import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { pushesOf } from "../../../src/push/push-stub.ts";
import type { PushWork } from "../../../src/push/push-work.ts";
import { pushedLater, setUpPush, waiting } from "../support/push.ts";
import { openWorld, world } from "../support/world.ts";

/** How notifications get from the object that keeps them to the queue. */

beforeAll(async () => {
  await openWorld();
  await setUpPush();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const object = () => world.PUSH.getByName("push");

/** Lets the object do what it put off, with this queue. */
async function alarmWith(sendBatch: (messages: { body: PushWork }[]) => Promise<void>): Promise<void> {
  await runInDurableObject(object(), (instance) => {
    Object.defineProperty(instance, "env", { value: { ...world, PUSHES: { sendBatch } } });
  });
  await runDurableObjectAlarm(object());
}

const alarmAt = () => runInDurableObject(object(), (_, { storage }) => storage.getAlarm());

test("[N-06] a scheduled notification is queued at its time, once, and the alarm is set for the next one", async () => {
  const sent: PushWork[] = [];
  const queue = async (messages: { body: PushWork }[]) => {
    sent.push(...messages.map(({ body }) => body));
  };
  const first = await waiting((await pushedLater({})).objectId);
  const then = new Date(first.at + 60_000).toISOString();
  const second = await waiting((await pushedLater({ push_time: then })).objectId);
  await alarmWith(queue);
  expect(sent).toEqual([]);
  expect(await alarmAt()).toBe(first.at);

  vi.spyOn(Date, "now").mockReturnValue(first.at);
  await alarmWith(queue);
  const handedOn = [{ type: "select", number: first.number, after: undefined }];
  expect(sent).toEqual(handedOn);
  expect(await alarmAt()).toBe(second.at);
  await alarmWith(queue);
  expect(sent).toEqual(handedOn);
  expect((await pushesOf(world).notification(first.number))?.push).toEqual(first.push);
  await pushesOf(world).remove(second.number);
});

test("[I11] notifications that the queue refuses are queued later, and none is lost", async () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => {});
  const { objectId } = await pushedLater({});
  const { at, number } = await waiting(objectId);
  vi.spyOn(Date, "now").mockReturnValue(at);
  await alarmWith(() => Promise.reject(new Error("the queue is down")));
  expect(told).toHaveBeenCalled();
  expect(await alarmAt()).toBeGreaterThan(at);
  const sent: PushWork[] = [];
  await alarmWith(async (messages) => {
    sent.push(...messages.map(({ body }) => body));
  });
  expect(sent).toEqual([{ type: "select", number, after: undefined }]);
});
