import type { Env } from "../env.ts";
import { queueIn, type SendingQueue } from "../queue/queue.ts";
import type { PushWork } from "./work.ts";

/**
 * Where pushes go: to Cloudflare's queue, or on one's own box to objects that keep them through a restart. Such an object
 * hands on one batch after the other, so each provider has its own: none waits for what another is slow with (I11).
 */
export function pushQueueOf(env: Pick<Env, "PUSHES" | "PUSH_QUEUE" | "OWN_BOX">): SendingQueue<PushWork> {
  if (env.OWN_BOX !== "1") return env.PUSHES;
  return {
    sendBatch: async (messages, options) => {
      const shares = Map.groupBy(messages, ({ body }) => nameOf(body));
      const selections = shares.get(SELECTIONS);
      shares.delete(SELECTIONS);
      const send = (share: typeof messages, name: string) =>
        queueIn(env.PUSH_QUEUE, name).sendBatch(share, options);
      await Promise.all(Array.from(shares, ([name, share]) => send(share, name)));
      // Last: a selection goes on behind what it has found, which would be lost if that were not taken.
      if (selections !== undefined) await send(selections, SELECTIONS);
    },
  };
}

const SELECTIONS = "selections";

/** The object that keeps it. */
function nameOf(work: PushWork): string {
  return work.type === "deliver" ? work.provider : SELECTIONS;
}
