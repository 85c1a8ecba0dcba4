import type { Env } from "../../bindings.ts";
import type { QueuedEvent } from "../../model/app-events.ts";
import { QueueObject } from "../../queue/queue-object.ts";
import { counted } from "../../usage/counted-env.ts";
import { consumeEvents } from "./consume-events.ts";
import { eventFromJson, eventToJson } from "./event-json.ts";

/** A queue of events on a single machine: one for events that lead to pushes, and one for the others. */
export class EventQueueObject extends QueueObject<QueuedEvent, Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, counted(env), {
      batch: 100,
      attemptsMax: 21,
      consume: consumeEvents,
      text: { textOf: eventToJson, bodyIn: (text) => eventFromJson<QueuedEvent>(text) },
      nameOf: ({ name }) => `event ${name}`,
    });
  }
}
