import type { Env } from "../bindings.ts";
import { queuesIn, type SendingQueue } from "../queue/queue.ts";
import type { PushWork } from "./work.ts";

/**
 * Where pushes go: to Cloudflare's queue, or on one's own box to objects that keep them through a restart. There each
 * provider has its own, so that none waits for what another is slow with (I11).
 */
export function pushQueueOf(env: Pick<Env, "PUSHES" | "PUSH_QUEUE" | "OWN_BOX">): SendingQueue<PushWork> {
  if (env.OWN_BOX !== "1") return env.PUSHES;
  return queuesIn(env.PUSH_QUEUE, (work) => (work.type === "deliver" ? work.provider : "selections"));
}
