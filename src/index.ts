import { AppObject } from "./app/app-object.ts";
import type { Env } from "./bindings.ts";
import { ClientObject } from "./client/client-object.ts";
import { ConversationObject } from "./conversation/conversation-object.ts";
import { sweep } from "./conversation/retention/daily-sweep.ts";
import { checkArchive } from "./database/messages/archive.ts";
import { connect } from "./gateway/connect.ts";
import { consumeEvents } from "./hooks/events/consume-events.ts";
import { createApp } from "./http/app.ts";
import { MetricsObject } from "./metrics/metrics-object.ts";
import { reportCounts, SERVER_STOPS } from "./metrics/report-counts.ts";
import type { QueuedEvent } from "./model/app-events.ts";
import { runScheduledCleanup } from "./push/cleanup.ts";
import { consumePushes } from "./push/consume-pushes.ts";
import { PushObject } from "./push/push-object.ts";
import type { PushWork } from "./push/push-work.ts";
import { RelayObject } from "./relay/relay-object.ts";
import { countRequests } from "./usage/count-requests.ts";
import { workerCalled } from "./usage/worker-called.ts";

export { DirectPush } from "./hooks/events/direct-push-entrypoint.ts";
export { EventQueueObject } from "./hooks/events/event-queue-object.ts";
export { PushQueueObject } from "./push/push-queue-object.ts";
export { AppObject, ClientObject, ConversationObject, MetricsObject, PushObject, RelayObject };

// Not those that stand in for a queue on a single machine: the platform has none of them.
for (const object of [AppObject, ClientObject, ConversationObject, MetricsObject, PushObject, RelayObject])
  countRequests(object.prototype);

type Batch = MessageBatch<QueuedEvent> | MessageBatch<PushWork>;

const app = createApp({ connect });

export default {
  fetch: (request: Request, env: Env, context: ExecutionContext) =>
    app.fetch(request, workerCalled(env, context), context),
  queue: (batch: Batch, env: Env, context?: ExecutionContext) => {
    const bindings = workerCalled(env, context);
    return isOfPushes(batch)
      ? consumePushes(batch.messages, bindings)
      : consumeEvents(batch.messages, bindings);
  },
  scheduled: async ({ cron }: ScheduledController, env: Env, context?: ExecutionContext) => {
    const bindings = workerCalled(env, context);
    if (cron === SERVER_STOPS) return reportCounts(bindings);
    await Promise.all([checkArchive(bindings), runScheduledCleanup(bindings), sweep(bindings)]);
  },
};

/**
 * Tells the queues apart by their messages: those of a second app in the same account have other names. A batch is of
 * one queue.
 */
function isOfPushes(batch: Batch): batch is MessageBatch<PushWork> {
  return batch.messages.every(({ body }) => "type" in body);
}
