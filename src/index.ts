import type { Env } from "./env.ts";
import { connect } from "./gateway/connect.ts";
import { consumeEvents } from "./hooks/consumer.ts";
import type { QueuedEvent } from "./hooks/events.ts";
import { createApp } from "./http/app.ts";

export { AppObject } from "./app/app-object.ts";
export { ClientObject } from "./client/client-object.ts";
export { ConversationObject } from "./conversation/conversation-object.ts";
export { EventQueueObject } from "./hooks/queue-object.ts";

export default {
  ...createApp({ connect }),
  queue: (batch: MessageBatch<QueuedEvent>, env: Env) => consumeEvents(batch.messages, env),
};
