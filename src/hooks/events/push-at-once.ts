import type { Env } from "../../bindings.ts";
import { meterOf } from "../../metrics/meter-of.ts";
import type { Installation } from "../../model/installation.ts";
import type { DelivererHost } from "../../push/deliverer.ts";
import { deliverer, deliveryHostOf, queueLater } from "../../push/delivery-host.ts";
import { type OfflineEvent, pushToOffline } from "../../push/offline-push.ts";
import { attemptOnce } from "../../push/settle-pushes.ts";
import { hasListeners } from "../../settings/schema.ts";
import { settingsOf } from "../../settings/store.ts";
import { offlinePushHostOf } from "./offline-push-host.ts";

/**
 * Pushes a message to its offline recipients without a queue, as a first attempt: its conversation has just looked who
 * they are. Resolves once each device is settled, or the queue of pushes has it for a later attempt. Rejects if that is
 * not known: then the event is to go to its own queue.
 */
export async function pushAtOnce(event: OfflineEvent, env: Env): Promise<void> {
  const settings = await settingsOf(env).fresh();
  // Older settings may have no providers, and the push would be left out.
  if (settings === undefined) throw new Error("the settings are not known");
  if (hasListeners(settings)) throw new Error("a hook, a webhook or the event log wants it now");
  const host = offlinePushHostOf(env, settings);
  const found = new Map<string, Installation>();
  const delivering = deliveryHostOf(env, settings);
  const first: DelivererHost = {
    ...delivering,
    installations: async (ids) => {
      const known = ids.flatMap((id) => found.get(id) ?? []);
      const others = ids.filter((id) => !found.has(id));
      return others.length === 0 ? known : [...known, ...(await delivering.installations(others))];
    },
    stillNewTo: async (_message, _sentAt, clientIds) => clientIds,
  };
  await pushToOffline(event, {
    ...host,
    installationsOf: async (clientIds) => {
      const devices = await host.installationsOf(clientIds);
      for (const { installation } of devices) found.set(installation.id, installation);
      return devices;
    },
    incrementBadges: async (ids) => {
      await host.incrementBadges(ids);
      // They are read once more, with their new numbers.
      for (const id of ids) found.delete(id);
    },
    queue: (deliveries) =>
      attemptOnce(deliveries, {
        deliver: (delivery, attempts) => deliverer.deliver(delivery, attempts, first),
        queue: (work, delaySeconds) => queueLater(env, work, delaySeconds),
      }),
  });
  await meterOf(env).reportIfDue();
}
