import type { Env } from "../bindings.ts";
import { queuesIn, type SendingQueue } from "../queue/queue.ts";
import { countedQueue } from "../usage/counted-queue.ts";
import { usageOf } from "../usage/usage-of.ts";
import type { PushWork } from "./push-work.ts";

/**
 * The queue of pushes: Cloudflare's, or on a single machine objects that keep pushes through a restart. There each
 * provider has a queue of its own, so that none waits for another's slow calls (I11).
 */
export function pushQueueOf(
  env: Pick<Env, "PUSHES" | "PUSH_QUEUE" | "SINGLE_MACHINE" | "DB" | "METRICS">,
): SendingQueue<PushWork> {
  const queue =
    env.SINGLE_MACHINE === "1"
      ? queuesIn(env.PUSH_QUEUE, (work) => (work.type === "deliver" ? work.provider : "selections"))
      : env.PUSHES;
  return countedQueue(queue, usageOf(env));
}
