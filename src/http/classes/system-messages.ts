import { Hono } from "hono";
import * as v from "valibot";
import { OWNERS_QUERY_LONGEST } from "../../bounds.ts";
import {
  countSystemMessages,
  findSystemMessages,
  type SystemMessage,
} from "../../database/system-messages/query.ts";
import { sliceSizeOf } from "../../database/where/owner-query-slices.ts";
import { isQueryRefusal, type QueryRefusal } from "../../database/where/query-refusal.ts";
import type { JsonObject } from "../../model/json.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import { messagesKeptFrom } from "../../settings/retention-settings.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_QUERY } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { type ApiResponse, invalid, respond } from "../response.ts";
import * as schema from "../schemas.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const SKIP_MAX = 100_000;

const row = v.pipe(
  v.object({
    objectId: v.string(),
    msgId: v.string(),
    from: v.string(),
    fromIp: v.optional(v.string()),
    bin: v.boolean(),
    data: v.pipe(v.string(), v.description("Base64 where `bin` says so.")),
    conv: v.pipe(schema.anyObject(), v.description("A pointer to the conversation.")),
    timestamp: v.number(),
    ackAt: v.optional(v.number()),
    createdAt: schema.isoTime(),
    updatedAt: schema.isoTime(),
  }),
  schema.shown({
    objectId: example.MESSAGE,
    msgId: example.MESSAGE,
    from: example.SENDER,
    bin: false,
    data: example.TEXT,
    conv: { __type: "Pointer", className: "_Conversation", objectId: example.CONVERSATION },
    timestamp: example.MESSAGE_AT,
    createdAt: "2023-11-14T22:13:20.000Z",
    updatedAt: "2023-11-14T22:13:20.000Z",
  }),
);

const finding = v.object({
  where: v.optional(
    v.pipe(schema.objectText(), v.description("Conditions, JSON."), schema.shown('{"from":"Tom"}')),
  ),
  order: v.optional(v.pipe(v.string(), v.examples(["-createdAt"]))),
  limit: v.optional(v.pipe(schema.numberText(), v.description("0 to 1000; 100 without."))),
  skip: v.optional(schema.numberText(0)),
  count: v.optional(v.pipe(schema.flagText(true), v.description("Answer how many there are, too."))),
});

const found = v.object({
  results: v.array(row),
  count: v.optional(v.pipe(v.number(), v.integer(), v.examples([1]))),
});

/** What clients wrote to service conversations, as rows of a class (V-05). */
export const systemMessageRoutes = new Hono<HttpEnv>().get(
  "/1.1/classes/_SysMessage",
  operation({
    id: "findSystemMessages",
    tag: "Service conversations",
    summary: "Find what clients wrote to service conversations",
    description: "The oldest first, where no order is asked for. A moment after it was written.",
    access: "master",
    answer: found,
  }),
  takes("query", finding),
  async (context) => respond(context, await search(context.env, context.req.valid("query"))),
);

async function search(env: HttpEnv["Bindings"], asked: v.InferOutput<typeof finding>): Promise<ApiResponse> {
  const { where = {}, order, limit = LIMIT_DEFAULT, skip = 0, count = false } = asked;
  const size = sliceSizeOf(env);
  const since = messagesKeptFrom(await settingsOf(env).get(), Date.now());
  const counting = count
    ? await awaitCall(
        countSystemMessages(env.DB, { where, since }, size),
        "counting messages",
        OWNERS_QUERY_LONGEST,
      )
    : 0;
  if (typeof counting !== "number") return unreadable(counting);
  const bounds = {
    limit: limit < 0 ? LIMIT_DEFAULT : Math.min(limit, LIMIT_MAX),
    skip: Math.min(Math.max(skip, 0), SKIP_MAX),
  };
  const query = findSystemMessages(env.DB, { where, order, since, ...bounds }, size);
  const rows = await awaitCall(query, "querying messages", OWNERS_QUERY_LONGEST);
  if (isQueryRefusal(rows)) return unreadable(rows);
  return { status: 200, body: { results: rows.map(rowJson), ...(count && { count: counting }) } };
}

const unreadable = ({ detail }: QueryRefusal) => invalid(INVALID_QUERY, detail.replace(/^102: /, ""));

function rowJson(message: SystemMessage): JsonObject {
  const { id, messageId, conversationId, sender, address, data, binary, timestamp, acknowledgedAt } = message;
  return {
    objectId: id,
    msgId: messageId,
    from: sender,
    ...(address !== null && { fromIp: address }),
    bin: binary,
    data,
    conv: { __type: "Pointer", className: "_Conversation", objectId: conversationId },
    timestamp,
    ...(acknowledgedAt !== null && { ackAt: acknowledgedAt }),
    createdAt: toIsoTime(message.createdAt),
    updatedAt: toIsoTime(message.updatedAt),
  };
}
