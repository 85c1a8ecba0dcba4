import { Hono } from "hono";
import * as v from "valibot";
import { type EventPosition, findEvents, type LoggedEvent } from "../../database/events.ts";
import { loggedNames } from "../../model/event-names.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;

const filter = v.object({
  event: v.optional(v.pipe(v.picklist(loggedNames), v.examples([example.EVENT]))),
  client_id: v.optional(schema.clientId()),
  conv_id: v.optional(schema.conversationId()),
  message_id: v.optional(schema.messageId()),
  from: v.optional(v.pipe(schema.timeText(), v.description("Not before this time."))),
  until: v.optional(v.pipe(schema.laterText(), v.description("Before this time."))),
  cursor: v.optional(cursor()),
  limit: v.optional(
    v.pipe(schema.numberText(), v.description(`1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} otherwise.`)),
  ),
});

const events = v.object({
  results: v.array(
    v.object({
      id: v.pipe(v.string(), v.examples([example.EVENT_ID])),
      event: v.pipe(v.picklist(loggedNames), v.examples([example.EVENT])),
      at: v.pipe(v.number(), v.integer(), v.description("Milliseconds."), v.examples([example.MESSAGE_AT])),
      client_id: v.optional(v.pipe(v.string(), v.description("Who did it."), v.examples([example.SENDER]))),
      conv_id: v.optional(v.pipe(v.string(), v.examples([example.CONVERSATION]))),
      message_id: v.optional(v.pipe(v.string(), v.examples([example.MESSAGE]))),
      detail: v.pipe(
        schema.anyObject(),
        v.description("What else is known of it."),
        schema.shown({ transient: false, online: [], offline: [example.READER] }),
      ),
    }),
  ),
  next: v.optional(v.pipe(v.string(), v.description("For `cursor`, when there may be more."))),
});

/** The event log (G-05), kept as long as the setting `events.logDays` says. */
export const eventRoutes = new Hono<HttpEnv>().get(
  "/admin/events",
  operation({
    id: "listEvents",
    tag: "Administration",
    summary: "Read the event log",
    description: "Newest first, by any of these filters together. Kept where `events.logDays` is set.",
    access: "master",
    answer: events,
  }),
  takes("query", filter),
  async (context) => {
    const { limit = LIMIT_DEFAULT, cursor: before, ...asked } = context.req.valid("query");
    const found = await awaitCall(
      findEvents(context.env.DB, {
        name: asked.event,
        clientId: asked.client_id,
        conversationId: asked.conv_id,
        messageId: asked.message_id,
        from: asked.from,
        until: asked.until,
        before: before === undefined ? undefined : placeIn(before),
        limit: limit >= 1 && limit <= LIMIT_MAX ? limit : LIMIT_DEFAULT,
      }),
      "the event log",
    );
    const next = found.next && `${found.next.at} ${found.next.id}`;
    return context.json({ results: found.events.map(eventJson), next });
  },
);

function eventJson({ id, name, at, clientId, conversationId, messageId, detail }: LoggedEvent) {
  return { id, event: name, at, client_id: clientId, conv_id: conversationId, message_id: messageId, detail };
}

/** A position in the log as this API writes it: a time and an id. */
function cursor() {
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,15} \S{1,64}$/, "must be `next` of the page before"),
    v.description("`next` of the page before."),
    v.examples([example.EVENT_PLACE]),
  );
}

function placeIn(text: string): EventPosition {
  const [at, id = ""] = text.split(" ");
  return { at: Number(at), id };
}
