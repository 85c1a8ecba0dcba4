import type { Env } from "../../bindings.ts";
import type { QueuedEvent } from "../../model/app-events.ts";
import { queuesIn, type SendingQueue } from "../../queue/queue.ts";
import { countedQueue } from "../../usage/counted-queue.ts";
import { usageOf } from "../../usage/usage-of.ts";

/**
 * The queue of events: Cloudflare's, or on a single machine objects that keep events through a restart. There, events
 * that lead to pushes have a queue of their own, so that they do not wait for a slow app's server (I11).
 */
export function eventQueueOf(
  env: Pick<Env, "EVENTS" | "EVENT_QUEUE" | "SINGLE_MACHINE" | "DB" | "METRICS">,
): SendingQueue<QueuedEvent> {
  const queue =
    env.SINGLE_MACHINE === "1"
      ? queuesIn(env.EVENT_QUEUE, ({ name }) => (name === "receiversOffline" ? "pushes" : "events"))
      : env.EVENTS;
  return countedQueue(queue, usageOf(env));
}
