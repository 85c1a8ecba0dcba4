import type { Env } from "../env.ts";
import { queueIn, type SendingQueue } from "../queue/queue.ts";
import type { QueuedEvent } from "./events.ts";

/** Where events go: to Cloudflare's queue, or on one's own box to an object that keeps them through a restart. */
export function eventQueueOf(
  env: Pick<Env, "EVENTS" | "EVENT_QUEUE" | "OWN_BOX">,
): SendingQueue<QueuedEvent> {
  return env.OWN_BOX === "1" ? queueIn(env.EVENT_QUEUE, "events") : env.EVENTS;
}
