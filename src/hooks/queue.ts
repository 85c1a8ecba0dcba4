import type { Env } from "../bindings.ts";
import type { QueuedEvent } from "../model/app-events.ts";
import { queuesIn, type SendingQueue } from "../queue/queue.ts";

/**
 * Where events go: to Cloudflare's queue, or on one's own box to objects that keep them through a restart. There what
 * leads to pushes has its own, so that they do not wait for an app's server that is slow to hear of events (I11).
 */
export function eventQueueOf(
  env: Pick<Env, "EVENTS" | "EVENT_QUEUE" | "OWN_BOX">,
): SendingQueue<QueuedEvent> {
  if (env.OWN_BOX !== "1") return env.EVENTS;
  return queuesIn(env.EVENT_QUEUE, ({ name }) => (name === "receiversOffline" ? "pushes" : "events"));
}
