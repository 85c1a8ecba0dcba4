import type { Env } from "../env.ts";
import { dropEventsBefore, saveEvents } from "../history/events.ts";
import { settingsOf } from "../settings/store.ts";
import { EventConsumer } from "./event-consumer.ts";
import type { QueuedEvent } from "./events.ts";
import { appServerOf, hooksOf } from "./hooks.ts";

/** One for this isolate: it knows when it last tidied up. */
const consumer = new EventConsumer();

/** The queue's consumer. */
export async function consumeEvents(batch: MessageBatch<QueuedEvent>, env: Env): Promise<void> {
  const settings = await settingsOf(env).get();
  await consumer.consume(batch.messages, {
    settings,
    server: appServerOf(env, settings),
    log: {
      save: (events) => saveEvents(env.DB, events),
      dropBefore: (at) => dropEventsBefore(env.DB, at),
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
