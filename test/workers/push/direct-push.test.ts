import { evictAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { named, say, start } from "../../support/chat.ts";
import { done } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { appKeys, configure, http, openWorld, stayAwake, world } from "../support/world.ts";
import { RECEIVER, type Received, receivePushes } from "./receiver.ts";

/*
 * Where nothing but push wants to know of a message, its conversation has it pushed at once, without a queue: by the
 * webhook for pushes here.
 */

let queued: ReturnType<typeof watchQueues>;

beforeAll(() => openWorld());
beforeEach(async () => {
  await configure({ push: { webhook: { url: RECEIVER }, static: { alert: "news" } }, events: null });
  queued = watchQueues();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const PATIENCE = { timeout: 20_000 }; // ms

/** The queues' messages from now on. They still arrive. */
function watchQueues() {
  return vi.spyOn(Object.getPrototypeOf(world.EVENTS), "sendBatch");
}

const arrived = (received: Received[], count = 1) => expect.poll(() => received.length, PATIENCE).toBe(count);

/** Tom, who is online, and a chat of his with members who are away and have a phone each. */
async function chatWith(count: number) {
  const [tom, ...others] = named("tom", ...Array.from({ length: count }, (_, index) => `mouse${index}`));
  if (tom === undefined) throw new Error("Tom is there");
  for (const channel of others)
    await http("/1.1/installations", {
      method: "POST",
      headers: { ...appKeys, "content-type": "application/json" },
      body: JSON.stringify({ deviceType: "ios", deviceToken: `token of ${channel}`, channels: [channel] }),
    });
  const toms = await WorkerdDevice.of(tom);
  const conversation = await start(toms, [tom, ...others]);
  return { tom, toms, conversation };
}

/** How far the newest message's row says that pushes are settled; null if all are. */
function unpushedAfter(conversation: string) {
  return runInDurableObject(world.CONVERSATIONS.getByName(conversation), (_, { storage }) => {
    const query = "SELECT unpushed_after FROM messages ORDER BY timestamp DESC LIMIT 1";
    return storage.sql.exec(query).one().unpushed_after;
  });
}

describe("[P-01] a message that only push waits for", () => {
  test("[P-01] a message is pushed without a queue, a few in one chat too", async () => {
    const received = receivePushes();
    const { toms, conversation } = await chatWith(2);
    for (const words of ["one", "two", "three"]) await say(toms, conversation, words);
    await arrived(received, 3);
    expect(queued).not.toHaveBeenCalled();
  });

  test("[P-01] a push that its provider refuses for now is repeated by the queue, until it arrives", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    let answers = 0;
    const received = receivePushes(() => new Response(null, { status: ++answers === 1 ? 503 : 204 }));
    const { toms, conversation } = await chatWith(1);
    await say(toms, conversation, "hello");
    await arrived(received, 2);
    expect(queued).toHaveBeenCalledOnce();
    expect(queued.mock.calls[0]?.[0]).toMatchObject([{ body: { type: "deliver", attempts: 1 } }]);
    expect(received[0]?.messageId).toBe(received[1]?.messageId);
  });

  test("[P-01] a message to more than twenty who are away goes by the queues", async () => {
    const received = receivePushes();
    const { toms, conversation } = await chatWith(21);
    await say(toms, conversation, "hello");
    await arrived(received);
    expect(queued.mock.calls.map(([messages]) => messages)).toMatchObject([
      [{ body: { name: "receiversOffline" } }],
      [{ body: { type: "deliver", attempts: 0 } }],
    ]);
  });

  test("[P-01] a message goes by the queue of events while D1 does not say who has a device", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const received = receivePushes();
    const { toms, conversation } = await chatWith(1);
    await world.DB.exec("ALTER TABLE device_clients RENAME TO device_clients_away");
    await say(toms, conversation, "hello");
    await expect.poll(() => queued.mock.calls.length, PATIENCE).toBe(1);
    await world.DB.exec("ALTER TABLE device_clients_away RENAME TO device_clients");
    await arrived(received);
    expect(queued.mock.calls[0]?.[0]).toMatchObject([{ body: { name: "receiversOffline" } }]);
  });

  test("[P-01] what is pushed is written into the row of its message, and that it is done by the alarm", async () => {
    const awake = stayAwake();
    const received = receivePushes();
    const { toms, conversation } = await chatWith(1);
    await say(toms, conversation, "hello", { pushData: '{"alert":"hello"}' });
    await arrived(received);
    expect(await unpushedAfter(conversation)).not.toBeNull();
    await expect
      .poll(async () => {
        await runDurableObjectAlarm(world.CONVERSATIONS.getByName(conversation));
        return unpushedAfter(conversation);
      }, PATIENCE)
      .toBeNull();
    awake();
  });

  test("[P-01] [I9] hibernation repeats no push, whether the alarm ran before or not", async () => {
    const received = receivePushes();
    const { toms, conversation } = await chatWith(1);
    const object = world.CONVERSATIONS.getByName(conversation);
    await say(toms, conversation, "one");
    await arrived(received);
    await evictAllDurableObjects();
    await say(toms, conversation, "two");
    await arrived(received, 2);
    await evictAllDurableObjects();
    await runDurableObjectAlarm(object);
    await say(toms, conversation, "three");
    await arrived(received, 3);
    await runDurableObjectAlarm(object);
    await evictAllDurableObjects();
    await runDurableObjectAlarm(object);
    await say(toms, conversation, "four");
    await arrived(received, 4);
    expect(new Set(received.map(({ messageId }) => messageId)).size).toBe(4);
  });

  test("[P-01] a push that an earlier life of the object left is made at the alarm", async () => {
    const received = receivePushes();
    const { toms, conversation } = await chatWith(1);
    const object = world.CONVERSATIONS.getByName(conversation);
    await say(toms, conversation, "one");
    await arrived(received);
    toms.close();
    // As it was when nothing had been pushed: no socket knows better.
    await expect.poll(() => unpushedAfter(conversation), PATIENCE).not.toBeUndefined();
    await expect
      .poll(async () => {
        await evictAllDurableObjects();
        await runInDurableObject(object, (_, { storage }) => {
          storage.sql.exec("UPDATE messages SET unpushed_after = timestamp - 1");
        });
        await evictAllDurableObjects();
        await runInDurableObject(object, (instance) => instance.alarm?.());
        return received.length;
      }, PATIENCE)
      .toBeGreaterThan(1);
    expect(new Set(received.map(({ messageId }) => messageId)).size).toBe(1);
  });

  test("[P-01] the push data of a recalled message is gone from its row", async () => {
    const received = receivePushes();
    const { tom, toms, conversation } = await chatWith(1);
    const ack = await say(toms, conversation, "hello", { pushData: '{"alert":"secret"}' });
    await arrived(received);
    const { uid, t } = ack.ackMessage ?? {};
    const recalled = { from_client: tom, timestamp: Number(t) };
    await done("PUT", `/1.2/rtm/conversations/${conversation}/messages/${uid}/recall`, recalled);
    const rows = await runInDurableObject(world.CONVERSATIONS.getByName(conversation), (_, { storage }) =>
      storage.sql.exec("SELECT push_data FROM messages").toArray(),
    );
    expect(rows).toEqual([{ push_data: null }]);
  });
});

describe("[H-03] a message that others wait for too", () => {
  test("[G-05] a message is pushed by way of the events' queue while there is an event log", async () => {
    await configure({ events: { logDays: 1 } });
    const received = receivePushes();
    const { toms, conversation } = await chatWith(1);
    await say(toms, conversation, "hello");
    await arrived(received);
    expect(queued).toHaveBeenCalled();
  });
});
