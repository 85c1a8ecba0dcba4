import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { NotificationCounts } from "../../../src/database/notifications.ts";
import type { Installation } from "../../../src/model/installation.ts";
import type { ProviderName } from "../../../src/model/provider-name.ts";
import { Deliverer } from "../../../src/push/deliverer.ts";
import type { Outcome } from "../../../src/push/provider.ts";
import type { MessageCause } from "../../../src/push/push-work.ts";
import { DAY, deliveryTo, NOON, phoneOf, RecordingProvider } from "./recipients.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

function place(
  phones: Installation[] = [phoneOf("Jerry"), phoneOf("Spike")],
  { name = "apns" }: { name?: ProviderName } = {},
) {
  const provider = new RecordingProvider(name, "ios");
  const removed: string[] = [];
  const counts: NotificationCounts[] = [];
  const looks: unknown[] = [];
  /** To whom the message is no news any more. */
  const known = new Set<string>();
  const state = { now: NOON, down: false };
  const host = {
    providers: [provider],
    installations: async (ids: readonly string[]) => phones.filter(({ id }) => ids.includes(id)),
    stillNewTo: async (message: MessageCause, sentAt: number, clientIds: readonly string[]) => {
      looks.push([message.messageId, sentAt, ...clientIds]);
      return clientIds.filter((clientId) => !known.has(clientId));
    },
    remove: async (ids: readonly string[]) => {
      if (state.down) throw new Error("D1 is down");
      removed.push(...ids);
    },
    count: async (_: string, count: NotificationCounts) => {
      counts.push(count);
    },
    now: () => state.now,
  };
  return { provider, removed, counts, looks, known, state, host, deliverer: new Deliverer() };
}

const later = (retryAfter?: number): Outcome => ({ outcome: "later", retryAfter, why: "busy" });
const gone = (since?: number): Outcome => ({ outcome: "gone", since, why: "Unregistered" });

test("[P-01] only recipients that were not served yet are retried", async () => {
  const { provider, host, deliverer } = place();
  provider.outcomes.set("Spike's phone", later(90_000));
  const retries = await deliverer.deliver(deliveryTo(["Jerry", "Spike"]), 1, host);
  expect(retries).toMatchObject([{ recipients: [{ clientIds: ["Spike"] }], retryAfter: 90_000 }]);
});

test("[P-01] each attempt reads a message once, and pushes only to clients that have not received it", async () => {
  const { provider, host, looks, known, deliverer } = place();
  provider.outcomes.set("Jerry's phone", later());
  provider.outcomes.set("Spike's phone", later());
  await deliverer.deliver(deliveryTo(["Jerry", "Spike"]), 1, host);
  known.add("Jerry");
  await deliverer.deliver(deliveryTo(["Jerry", "Spike"]), 2, host);
  expect(looks).toEqual([1, 2].map(() => ["message-1", NOON, "Jerry", "Spike"]));
  expect(provider.sent.map(({ targets }) => targets.map(({ clientId }) => clientId))).toEqual([
    ["Jerry", "Spike"],
    ["Spike"],
  ]);
  known.add("Spike");
  expect(await deliverer.deliver(deliveryTo(["Jerry", "Spike"]), 3, host)).toEqual([]);
  expect(provider.sent).toHaveLength(2);
});

test("[I11] a conversation that does not answer keeps a push waiting, rather than sending it unseen", async () => {
  const { provider, host, deliverer } = place();
  const down = { ...host, stillNewTo: () => Promise.reject(new Error("reset")) };
  await expect(deliverer.deliver(deliveryTo(["Jerry"]), 1, down)).rejects.toThrow("reset");
  expect(provider.sent).toEqual([]);
});

test("[N-02] a device that is gone is deleted, unless it registered again since", async () => {
  const jerry = phoneOf("Jerry", { updatedAt: NOON });
  const { provider, host, removed, deliverer } = place([jerry, phoneOf("Spike", { updatedAt: NOON - DAY })]);
  provider.outcomes.set("Jerry's phone", gone(NOON - 1));
  provider.outcomes.set("Spike's phone", gone(NOON - 1));
  const retries = await deliverer.deliver(deliveryTo(["Jerry", "Spike"]), 1, host);
  expect(retries).toEqual([]);
  expect(removed).toEqual(["Spike's phone"]);
});

test("[C-12] a client that has logged out on a device receives no push there", async () => {
  const { provider, host, deliverer } = place([phoneOf("Jerry", { channels: ["Butch"] }), phoneOf("Spike")]);
  await deliverer.deliver(deliveryTo(["Jerry", "Spike"]), 1, host);
  expect(provider.called).toEqual(["Spike's phone"]);
});

test("[C-12] a device shared by several clients receives pushes until all have logged out", async () => {
  const { provider, host, deliverer } = place([phoneOf("Jerry", { channels: ["Spike"] })]);
  const delivery = deliveryTo(["Jerry"]);
  const recipients = [{ installation: "Jerry's phone", clientIds: ["Jerry", "Spike"] }];
  await deliverer.deliver({ ...delivery, recipients }, 1, host);
  expect(provider.sent.flatMap(({ targets }) => targets.map(({ clientId }) => clientId))).toEqual(["Spike"]);
});

test("[P-15] an expired push is dropped", async () => {
  const { provider, host, state, deliverer } = place();
  state.now = NOON + 7 * DAY;
  expect(await deliverer.deliver(deliveryTo(["Jerry"]), 1, host)).toEqual([]);
  expect(provider.called).toEqual([]);
});

test("[P-01] a push for a provider that is not set up is dropped after a while, since it may have been set up just now", async () => {
  const { provider, host, deliverer } = place();
  const other = deliveryTo(["Jerry"], { provider: "fcm" });
  expect(await deliverer.deliver(other, 1, host)).toMatchObject([{ recipients: [{ clientIds: ["Jerry"] }] }]);
  expect(await deliverer.deliver(other, 3, host)).toEqual([]);
  expect(provider.called).toEqual([]);
});

test("[P-01] a provider that requests a long delay does not delay others", async () => {
  const { provider, host, deliverer } = place();
  provider.outcomes.set("Jerry's phone", later(40_000_000));
  provider.outcomes.set("Spike's phone", later());
  const retries = await deliverer.deliver(deliveryTo(["Jerry", "Spike"]), 1, host);
  expect(retries).toMatchObject([
    { recipients: [{ clientIds: ["Jerry"] }], retryAfter: 40_000_000 },
    { recipients: [{ clientIds: ["Spike"] }], retryAfter: undefined },
  ]);
});

test("[P-01] a push is not repeated if D1 fails after it", async () => {
  const { provider, host, state, deliverer } = place();
  provider.outcomes.set("Spike's phone", gone());
  state.down = true;
  const retries = await deliverer.deliver(deliveryTo(["Jerry", "Spike"]), 1, host);
  expect(retries).toEqual([]);
});

describe("a provider that hangs", () => {
  test("[P-01] a provider that hangs is not called for a minute, so that other pushes do not wait behind it", async () => {
    const { provider, host, state, deliverer } = place();
    provider.outcomes.set("Jerry's phone", later());
    const send = provider.send.bind(provider);
    provider.send = (push, targets) => {
      state.now += 30_000;
      return send(push, targets);
    };
    await deliverer.deliver(deliveryTo(["Jerry"]), 1, host);
    const retries = await deliverer.deliver(deliveryTo(["Spike"]), 1, host);
    expect(retries).toMatchObject([{ recipients: [{ clientIds: ["Spike"] }], retryAfter: 60_000 }]);
    expect(provider.called).toEqual(["Jerry's phone"]);
    state.now += 60_000;
    await deliverer.deliver(deliveryTo(["Spike"]), 1, host);
    expect(provider.called).toEqual(["Jerry's phone", "Spike's phone"]);
  });

  test("[I12] a push service that hangs does not stop pushes to browsers of others", async () => {
    const { provider, host, state, deliverer } = place(undefined, { name: "webPush" });
    provider.outcomes.set("Jerry's phone", later());
    const send = provider.send.bind(provider);
    provider.send = (push, targets) => {
      state.now += 30_000;
      return send(push, targets);
    };
    const toBrowser = { provider: "webPush" } as const;
    await deliverer.deliver(deliveryTo(["Jerry"], toBrowser), 1, host);
    const retries = await deliverer.deliver(deliveryTo(["Spike"], toBrowser), 1, host);
    expect(retries).toEqual([]);
    expect(provider.called).toEqual(["Jerry's phone", "Spike's phone"]);
  });
});

test("[N-11] [P-14] the results of a notification are counted, and those of a message are not", async () => {
  const { provider, host, counts, deliverer } = place();
  provider.outcomes.set("Spike's phone", gone());
  const delivery = deliveryTo(["Jerry", "Spike"]);
  await deliverer.deliver(delivery, 1, host);
  expect(counts).toEqual([]);
  const push = { ...delivery.push, cause: { type: "notification" as const, notificationId: "one" } };
  await deliverer.deliver({ ...delivery, push }, 1, host);
  expect(counts).toEqual([{ sent: { apns: 1 }, gone: 1, failed: 0, lastError: "Unregistered" }]);
});
