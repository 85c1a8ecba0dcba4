import type { Env } from "../../bindings.ts";
import { dropEventsBefore, saveEvents } from "../../database/events.ts";
import { meterOf } from "../../metrics/meter-of.ts";
import { pushToOffline } from "../../push/offline-push.ts";
import type { ProvidersEnv } from "../../push/providers.ts";
import { pushQueueOf } from "../../push/push-queue.ts";
import { publish } from "../../queue/publish.ts";
import { settingsOf } from "../../settings/store.ts";
import { appServerOf, type HooksEnv } from "../app-server/app-server.ts";
import { EventDeliverer, type EventMessage, postpone } from "./event-deliverer.ts";
import { eventQueueOf } from "./event-queue.ts";
import { offlinePushHostOf } from "./offline-push-host.ts";

/** The bindings that the consumer needs. */
type ConsumerEnv = HooksEnv & ProvidersEnv & Pick<Env, "PUSHES" | "PUSH_QUEUE">;

/** One per isolate: it remembers its last cleanup. */
const consumer = new EventDeliverer();

/** The queue's consumer: settles every one of these messages. */
export async function consumeEvents(messages: readonly EventMessage[], env: ConsumerEnv): Promise<void> {
  const settings = await settingsOf(env).fresh();
  // Older settings are good enough for a client, but here they would drop events, and the log with them.
  if (settings === undefined) return postpone(messages);
  const meter = meterOf(env);
  await consumer.consume(messages, {
    settings,
    server: appServerOf(env, settings),
    log: {
      save: (events) => saveEvents(env.DB, events),
      dropBefore: (time) => dropEventsBefore(env.DB, time),
    },
    push: (event) =>
      pushToOffline(event, {
        ...offlinePushHostOf(env, settings),
        queue: (deliveries) => publish(pushQueueOf(env), deliveries),
      }),
    queue: async (events, delaySeconds) => {
      const bodies = events.map((body) => ({ body, contentType: "v8" as const }));
      await eventQueueOf(env).sendBatch(bodies, { delaySeconds });
    },
    late: () => meter.count("events.errors"),
    now: () => Date.now(),
  });
  await meter.reportIfDue();
}
