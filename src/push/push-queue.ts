import type { Env } from "../bindings.ts";
import { queuesIn, type SendingQueue } from "../queue/queue.ts";
import type { PushWork } from "./push-work.ts";

/**
 * The queue of pushes: Cloudflare's, or on a single machine objects that keep pushes through a restart. There each
 * provider has a queue of its own, so that none waits for another's slow calls (I11).
 */
export function pushQueueOf(
  env: Pick<Env, "PUSHES" | "PUSH_QUEUE" | "SINGLE_MACHINE">,
): SendingQueue<PushWork> {
  if (env.SINGLE_MACHINE !== "1") return env.PUSHES;
  return queuesIn(env.PUSH_QUEUE, (work) => (work.type === "deliver" ? work.provider : "selections"));
}
