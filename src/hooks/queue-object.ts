import type { Env } from "../env.ts";
import { QueueObject } from "../queue/queue-object.ts";
import { consumeEvents } from "./consumer.ts";
import { eventIn, textOf } from "./event-text.ts";
import type { QueuedEvent } from "./events.ts";

/** The queue of events on one's own box. There is one, named `events`. */
export class EventQueueObject extends QueueObject<QueuedEvent> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, {
      ...{ batch: 100, attemptsMax: 21, consume: consumeEvents },
      text: { textOf, bodyIn: (text) => eventIn<QueuedEvent>(text) },
      nameOf: ({ name }) => `event ${name}`,
    });
  }
}
