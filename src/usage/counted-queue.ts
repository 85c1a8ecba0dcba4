import type { SendingQueue } from "../queue/queue.ts";
import type { UsageMeter } from "./usage-meter.ts";

/** A queue with its messages counted, also where objects stand in for it. */
export function countedQueue<Body>(
  queue: SendingQueue<Body>,
  usage: Pick<UsageMeter, "add">,
): SendingQueue<Body> {
  return {
    sendBatch: (messages, options) => {
      usage.add("queued", messages.length);
      return queue.sendBatch(messages, options);
    },
  };
}
