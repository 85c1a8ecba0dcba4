import type { Env } from "../../bindings.ts";
import { dropEventsBefore, saveEvents, savePushes } from "../../database/events.ts";
import { incrementBadges, installationsWithChannels } from "../../database/installations/installations.ts";
import { withDeadline } from "../../deadline.ts";
import { meterOf } from "../../metrics/meter-of.ts";
import { pushToOffline } from "../../push/offline-push.ts";
import { type ProvidersEnv, providersOf } from "../../push/providers.ts";
import { pushQueueOf } from "../../push/push-queue.ts";
import { publish } from "../../queue/publish.ts";
import { settingsOf } from "../../settings/store.ts";
import { appServerOf, type HooksEnv } from "../app-server/app-server.ts";
import { hooksOf } from "../before/app-hooks.ts";
import { EventDeliverer, type EventMessage, postpone } from "./event-deliverer.ts";
import { eventQueueOf } from "./event-queue.ts";

/** The bindings that the consumer needs. */
type ConsumerEnv = HooksEnv & ProvidersEnv & Pick<Env, "PUSHES" | "PUSH_QUEUE">;

const D1_DEADLINE = 8_000; // ms

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
        callHook: (offline) => hooksOf(env).aboutOffline(offline),
        providers: providersOf(env, settings),
        template: settings.push.static,
        installationsOf: (clientIds) =>
          withDeadline(installationsWithChannels(env.DB, clientIds), D1_DEADLINE, "devices"),
        incrementBadges: (ids) => withDeadline(incrementBadges(env.DB, ids), D1_DEADLINE, "badges"),
        queue: (deliveries) => publish(pushQueueOf(env), deliveries),
        noteOmitted: async ({ id, at, conversationId, messageId, offline }, why) => {
          if (settings.events.logDays === 0) return;
          const about = { at, id: `push-${id}`, conversationId, messageId, clients: offline };
          const none = { outcome: "not pushed" as const, provider: null, installation: null, why };
          await withDeadline(savePushes(env.DB, [{ ...about, ...none }]), D1_DEADLINE, "event log");
        },
        now: () => Date.now(),
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
