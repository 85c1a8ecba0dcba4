import type { Env } from "../env.ts";
import type { QueuedEvent } from "./events.ts";

/** As much of a Cloudflare queue as events need. */
export interface EventQueue {
  sendBatch(
    messages: { body: QueuedEvent; contentType: "v8" }[],
    options?: { delaySeconds: number },
  ): Promise<unknown>;
}

/** Where events go: to Cloudflare's queue, or on one's own box to an object that keeps them through a restart. */
export function eventQueueOf(env: Pick<Env, "EVENTS" | "EVENT_QUEUE" | "OWN_BOX">): EventQueue {
  if (env.OWN_BOX !== "1") return env.EVENTS;
  const queue = env.EVENT_QUEUE.getByName("events");
  return {
    sendBatch: (messages, options) =>
      queue.add(
        messages.map(({ body }) => body),
        options?.delaySeconds ?? 0,
      ),
  };
}
