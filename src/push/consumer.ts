import type { Env } from "../env.ts";
import type { QueueMessage } from "../queue/queue.ts";
import type { PushWork } from "./work.ts";

/** The consumer of the queue of pushes: settles every one of these messages. */
export async function consumePushes(_messages: readonly QueueMessage<PushWork>[], _env: Env): Promise<void> {
  throw new Error("not written yet");
}
