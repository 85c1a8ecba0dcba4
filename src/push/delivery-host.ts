import type { Env } from "../bindings.ts";
import { savePushes } from "../database/events.ts";
import { installationsById, removeInstallations } from "../database/installations/installations.ts";
import { addCounts } from "../database/notifications.ts";
import { withDeadline } from "../deadline.ts";
import type { Meter } from "../metrics/meter.ts";
import { meterOf } from "../metrics/meter-of.ts";
import { objectNameOf } from "../protocol/temporary-ids.ts";
import type { Settings } from "../settings/schema.ts";
import { Deliverer, type DelivererHost } from "./deliverer.ts";
import type { PushProvider } from "./provider.ts";
import { providersOf } from "./providers.ts";
import { pushQueueOf } from "./push-queue.ts";
import type { PushWork } from "./push-work.ts";

const QUEUE_DEADLINE = 10_000; // ms

/** One per isolate: it remembers which provider hangs. */
export const deliverer = new Deliverer();

/** What delivering takes, by these settings. */
export function deliveryHostOf(env: Env, settings: Settings): DelivererHost {
  const meter = meterOf(env);
  return {
    providers: providersOf(env, settings).map((provider) => counted(provider, meter)),
    installations: (ids) => installationsById(env.DB, ids),
    stillNewTo: ({ conversationId, messageId }, timestamp, clientIds) =>
      env.CONVERSATIONS.getByName(objectNameOf(conversationId)).stillNewTo({ messageId, timestamp }, [
        ...clientIds,
      ]),
    remove: (ids) => removeInstallations(env.DB, ids),
    count: (id, counts) => addCounts(env.DB, id, counts),
    note: settings.events.logDays > 0 ? (pushes) => savePushes(env.DB, pushes) : undefined,
    now: () => Date.now(),
  };
}

/** Adds work to the queue of pushes, with a delay in seconds. Rejects at its deadline. */
export async function queueLater(env: Env, body: PushWork, delaySeconds: number): Promise<void> {
  const taken = pushQueueOf(env).sendBatch([{ body, contentType: "v8" }], { delaySeconds });
  await withDeadline(taken, QUEUE_DEADLINE, "queue of pushes");
}

/** The provider, with its outcomes counted. */
function counted(provider: PushProvider, meter: Meter): PushProvider {
  return {
    name: provider.name,
    serves: (installation) => provider.serves(installation),
    send: async (push, targets) => {
      const outcomes = await provider.send(push, targets);
      for (const { outcome } of outcomes) meter.count(`pushes.${provider.name}.${outcome}`);
      return outcomes;
    },
  };
}
