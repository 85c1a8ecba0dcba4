import { dropEventsBefore, saveEvents } from "../history/events.ts";
import { settingsOf } from "../settings/store.ts";
import { EventConsumer, postpone } from "./event-consumer.ts";
import type { QueuedEvent } from "./events.ts";
import { appServerOf, type HooksEnv, hooksOf } from "./hooks.ts";

/** One for this isolate: it knows when it last tidied up. */
const consumer = new EventConsumer();

/** The queue's consumer. */
export async function consumeEvents(batch: MessageBatch<QueuedEvent>, env: HooksEnv): Promise<void> {
  const settings = settingsOf(env);
  await settings.get();
  const known = settings.peek();
  // Stand-ins would do for a client, but by them events would be dropped, and with them the log.
  if (known === undefined) return postpone(batch.messages);
  await consumer.consume(batch.messages, {
    settings: known,
    server: appServerOf(env, known),
    log: {
      save: (events) => saveEvents(env.DB, events),
      dropBefore: (time) => dropEventsBefore(env.DB, time),
    },
    push: async (event) => {
      // The app's own push service works by this call alone (P-04).
      await hooksOf(env).aboutOffline(event);
    },
    queue: async (events, delaySeconds) => {
      const messages = events.map((body) => ({ body, contentType: "v8" as const }));
      await env.EVENTS.sendBatch(messages, { delaySeconds });
    },
    now: () => Date.now(),
  });
}
