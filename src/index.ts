import type { Env } from "./bindings.ts";
import { connect } from "./gateway/connect.ts";
import { consumeEvents } from "./hooks/events/consume-events.ts";
import { createApp } from "./http/app.ts";
import type { QueuedEvent } from "./model/app-events.ts";
import { runScheduledCleanup } from "./push/cleanup.ts";
import { consumePushes } from "./push/consume-pushes.ts";
import type { PushWork } from "./push/push-work.ts";

export { AppObject } from "./app/app-object.ts";
export { ClientObject } from "./client/client-object.ts";
export { ConversationObject } from "./conversation/conversation-object.ts";
export { EventQueueObject } from "./hooks/events/event-queue-object.ts";
export { MetricsObject } from "./metrics/metrics-object.ts";
export { PushObject } from "./push/push-object.ts";
export { PushQueueObject } from "./push/push-queue-object.ts";
export { RelayObject } from "./relay/relay-object.ts";

type Batch = MessageBatch<QueuedEvent> | MessageBatch<PushWork>;

export default {
  ...createApp({ connect }),
  queue: (batch: Batch, env: Env) =>
    isOfPushes(batch) ? consumePushes(batch.messages, env) : consumeEvents(batch.messages, env),
  scheduled: (_: ScheduledController, env: Env) => runScheduledCleanup(env),
};

/**
 * Tells the queues apart by their messages: those of a second app in the same account have other names. A batch is of
 * one queue.
 */
function isOfPushes(batch: Batch): batch is MessageBatch<PushWork> {
  return batch.messages.every(({ body }) => "type" in body);
}
