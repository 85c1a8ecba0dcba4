import { Hono } from "hono";
import * as v from "valibot";
import type { AppEvent } from "../../hooks/events.ts";
import { afterEvents } from "../../hooks/names.ts";
import { toBase64 } from "../../protocol/base64.ts";
import type { JsonObject } from "../../protocol/json.ts";
import { answered } from "../answered.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { sources } from "../sources.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;

const filter = v.object({
  event: v.optional(v.pipe(v.picklist(afterEvents), v.examples([example.EVENT]))),
  client_id: v.optional(schema.clientId()),
  conv_id: v.optional(schema.conversationId()),
  message_id: v.optional(schema.messageId()),
  from: v.optional(v.pipe(schema.timeText(), v.description("Not before this time."))),
  until: v.optional(v.pipe(schema.timeText(), v.description("Before this time."))),
  cursor: v.optional(v.pipe(v.string(), v.description("`next` of the page before."))),
  limit: v.optional(
    v.pipe(schema.numberText(), v.description(`1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} otherwise.`)),
  ),
});

const events = v.object({
  results: v.array(
    v.objectWithRest(
      {
        id: v.string(),
        name: v.picklist(afterEvents),
        at: v.pipe(v.number(), v.integer(), v.description("Milliseconds.")),
      },
      v.unknown(),
    ),
  ),
  next: v.optional(v.pipe(v.string(), v.description("For `cursor`, when there are more."))),
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
      sources.findEvents(context.env.DB, {
        ...{ name: asked.event, clientId: asked.client_id, conversationId: asked.conv_id },
        ...{ messageId: asked.message_id, from: asked.from, until: asked.until, cursor: asked.cursor },
        limit: limit >= 1 && limit <= LIMIT_MAX ? limit : LIMIT_DEFAULT,
      }),
      "the event log",
    );
    return context.json({ results: found.events.map(eventJson), next: found.cursor });
  },
);

/** As it is kept, with bytes as Base64. */
function eventJson(event: AppEvent): JsonObject {
  const text = JSON.stringify(event, (_, value: unknown) =>
    value instanceof Uint8Array ? toBase64(value) : value,
  );
  const json: JsonObject = JSON.parse(text);
  return json;
}
