import { dropEventsBefore, saveEvents } from "../history/events.ts";
import { settingsOf } from "../settings/store.ts";
import { EventConsumer, type EventMessage, postpone } from "./event-consumer.ts";
import { appServerOf, type HooksEnv, hooksOf } from "./hooks.ts";
import { eventQueueOf } from "./queue.ts";

/** One for this isolate: it knows when it last tidied up. */
const consumer = new EventConsumer();

/** The queue's consumer: settles every one of these messages. */
export async function consumeEvents(messages: readonly EventMessage[], env: HooksEnv): Promise<void> {
  const settings = settingsOf(env);
  await settings.get();
  const known = settings.peek();
  // Stand-ins would do for a client, but by them events would be dropped, and with them the log.
  if (known === undefined) return postpone(messages);
  await consumer.consume(messages, {
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
      const bodies = events.map((body) => ({ body, contentType: "v8" as const }));
      await eventQueueOf(env).sendBatch(bodies, { delaySeconds });
    },
    now: () => Date.now(),
  });
}
