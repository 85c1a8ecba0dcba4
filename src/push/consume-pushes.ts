import type { Env } from "../bindings.ts";
import { savePushes } from "../database/events.ts";
import { installationsById, removeInstallations } from "../database/installations/installations.ts";
import { addCounts } from "../database/notifications.ts";
import { withDeadline } from "../deadline.ts";
import type { Meter } from "../metrics/meter.ts";
import { meterOf } from "../metrics/meter-of.ts";
import { objectNameOf } from "../protocol/temporary-ids.ts";
import type { QueueMessage } from "../queue/queue.ts";
import { settingsOf } from "../settings/store.ts";
import { Deliverer } from "./deliverer.ts";
import type { PushProvider } from "./provider.ts";
import { providersOf } from "./providers.ts";
import { pushQueueOf } from "./push-queue.ts";
import type { PushWork } from "./push-work.ts";
import { runSelection } from "./run-selection.ts";
import { settlePushes } from "./settle-pushes.ts";

const QUEUE_DEADLINE = 10_000; // ms

/** One per isolate: it remembers which provider hangs. */
const deliverer = new Deliverer();

/** The consumer of the push queue: settles every one of these messages. */
export async function consumePushes(messages: readonly QueueMessage<PushWork>[], env: Env): Promise<void> {
  const settings = await settingsOf(env).fresh();
  const meter = meterOf(env);
  const providers = settings && providersOf(env, settings).map((provider) => counted(provider, meter));
  await settlePushes(messages, {
    deliver: async (delivery, attempts) => {
      // Older settings may have no providers, and pushes would be given up.
      if (settings === undefined || providers === undefined) throw new Error("the settings are not known");
      return deliverer.deliver(delivery, attempts, {
        providers,
        installations: (ids) => installationsById(env.DB, ids),
        stillNewTo: ({ conversationId, messageId }, timestamp, clientIds) =>
          env.CONVERSATIONS.getByName(objectNameOf(conversationId)).stillNewTo({ messageId, timestamp }, [
            ...clientIds,
          ]),
        remove: (ids) => removeInstallations(env.DB, ids),
        count: (id, counts) => addCounts(env.DB, id, counts),
        note: settings.events.logDays > 0 ? (pushes) => savePushes(env.DB, pushes) : undefined,
        now: () => Date.now(),
      });
    },
    select: (selection) => runSelection(selection, env),
    queue: async (body, delaySeconds) => {
      const taken = pushQueueOf(env).sendBatch([{ body, contentType: "v8" }], { delaySeconds });
      await withDeadline(taken, QUEUE_DEADLINE, "queue of pushes");
    },
  });
  await meter.reportIfDue();
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
