import type { Env } from "../env.ts";
import { queueIn, type SendingQueue } from "../queue/queue.ts";
import type { PushWork } from "./work.ts";

/** Where pushes go: to Cloudflare's queue, or on one's own box to an object that keeps them through a restart. */
export function pushQueueOf(env: Pick<Env, "PUSHES" | "PUSH_QUEUE" | "OWN_BOX">): SendingQueue<PushWork> {
  return env.OWN_BOX === "1" ? queueIn(env.PUSH_QUEUE, "pushes") : env.PUSHES;
}
