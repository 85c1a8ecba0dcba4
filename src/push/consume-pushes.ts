import type { Env } from "../bindings.ts";
import { meterOf } from "../metrics/meter-of.ts";
import type { QueueMessage } from "../queue/queue.ts";
import { settingsOf } from "../settings/store.ts";
import { deliverer, deliveryHostOf, queueLater } from "./delivery-host.ts";
import type { PushWork } from "./push-work.ts";
import { runSelection } from "./run-selection.ts";
import { settlePushes } from "./settle-pushes.ts";

/** The consumer of the push queue: settles every one of these messages. */
export async function consumePushes(messages: readonly QueueMessage<PushWork>[], env: Env): Promise<void> {
  const settings = await settingsOf(env).fresh();
  const host = settings && deliveryHostOf(env, settings);
  await settlePushes(messages, {
    deliver: async (delivery, attempts) => {
      // Older settings may have no providers, and pushes would be given up.
      if (host === undefined) throw new Error("the settings are not known");
      return deliverer.deliver(delivery, attempts, host);
    },
    select: (selection) => runSelection(selection, env),
    queue: (body, delaySeconds) => queueLater(env, body, delaySeconds),
  });
  await meterOf(env).reportIfDue();
}
