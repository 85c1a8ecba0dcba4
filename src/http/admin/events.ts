import { Hono } from "hono";
import * as v from "valibot";
import { type EventPlace, findEvents, type LoggedEvent } from "../../history/events.ts";
import { afterEvents } from "../../hooks/names.ts";
import type { JsonObject } from "../../protocol/json.ts";
import { answered } from "../answered.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;

const filter = v.object({
  event: v.optional(v.pipe(v.picklist(afterEvents), v.examples([example.EVENT]))),
  client_id: v.optional(schema.clientId()),
  conv_id: v.optional(schema.conversationId()),
  message_id: v.optional(schema.messageId()),
  from: v.optional(v.pipe(schema.timeText(), v.description("Not before this time."))),
  until: v.optional(v.pipe(schema.timeText(), v.description("Before this time."))),
  cursor: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,15}\..{1,100}$/), v.description("`next` of the page before.")),
  ),
  limit: v.optional(
    v.pipe(schema.numberText(), v.description(`1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} otherwise.`)),
  ),
});

const event = v.object({
  at: v.pipe(v.number(), v.integer(), v.description("When it happened, in milliseconds.")),
  id: v.string(),
  event: v.picklist(afterEvents),
  client_id: v.optional(v.pipe(schema.clientId(), v.description("Who did it."))),
  conv_id: v.optional(schema.conversationId()),
  message_id: v.optional(schema.messageId()),
  detail: v.pipe(
    v.record(v.string(), v.unknown()),
    v.description("What else is known. What was said is not: it is in history."),
  ),
});

const events = v.object({
  results: v.array(event),
  next: v.optional(
    v.pipe(v.string(), v.description("For `cursor`: there may be more, also after an empty page.")),
  ),
});

/** The event log (G-05), kept as long as the setting `events.logDays` says. */
export const adminEvents = new Hono<HttpEnv>().get(
  "/admin/events",
  operation({
    ...{ id: "listEvents", tag: "Administration", summary: "Read the event log" },
    description: "Newest first, by any of these filters together. Kept where `events.logDays` is set.",
    ...{ access: "master", answer: events },
  }),
  takes("query", filter),
  async (context) => {
    const asked = context.req.valid("query");
    const { limit = LIMIT_DEFAULT } = asked;
    const found = await answered(
      findEvents(context.env.DB, {
        ...{ name: asked.event, clientId: asked.client_id, conversationId: asked.conv_id },
        ...{ messageId: asked.message_id, from: asked.from, until: asked.until },
        before: asked.cursor === undefined ? undefined : placeIn(asked.cursor),
        limit: limit >= 1 && limit <= LIMIT_MAX ? limit : LIMIT_DEFAULT,
      }),
      "the event log",
    );
    const { next } = found;
    return context.json({
      results: found.events.map(eventJson),
      ...(next && { next: `${next.at}.${next.id}` }),
    });
  },
);

function eventJson({ at, id, name, clientId, conversationId, messageId, detail }: LoggedEvent): JsonObject {
  return {
    ...{ at, id, event: name },
    ...(clientId !== undefined && { client_id: clientId }),
    ...(conversationId !== undefined && { conv_id: conversationId }),
    ...(messageId !== undefined && { message_id: messageId }),
    detail,
  };
}

/** Of a cursor; its schema has seen to its form. */
function placeIn(cursor: string): EventPlace {
  const dot = cursor.indexOf(".");
  return { at: Number(cursor.slice(0, dot)), id: cursor.slice(dot + 1) };
}
