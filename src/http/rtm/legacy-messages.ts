import { type Context, Hono } from "hono";
import * as v from "valibot";
import { knownConversations } from "../../conversation/creation/known-conversations.ts";
import { messagesOfApp, messagesSentBy } from "../../database/messages/history.ts";
import { fromBase64 } from "../../protocol/base64.ts";
import type { HttpEnv } from "../env.ts";
import { failures, INVALID_FIELD, refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { identify, operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { archivedHistory, bounds, conversationHistory, records, signed } from "./history.ts";
import { IDEMPOTENCY_KEY, patchMessage, removeMessage, sendMessage } from "./message-requests.ts";
import { priority, sent } from "./messages.ts";
import { patchOfService, RECIPIENTS_MAX } from "./service-messages.ts";

const PATH = "/1.1/rtm/messages";
/** Python multiplies seconds, so a fraction may remain. */
const PYTHON_TIME = /^\d{1,15}(\.\d+)?$/;

const historyQuery = v.object({
  convid: v.optional(v.pipe(schema.conversationId(), v.description("Of this conversation."))),
  from: v.optional(v.pipe(schema.clientId(), v.description("Of this sender, without `convid`."))),
  max_ts: v.optional(v.pipe(schema.timeText(PYTHON_TIME), v.description("The old name of `timestamp`."))),
  ...bounds,
  peerid: v.optional(v.pipe(schema.clientId(example.READER), v.description("Whose signature it is."))),
  ...signed,
});

const message = v.pipe(
  v.object({
    from_peer: schema.clientId(),
    conv_id: schema.conversationId(),
    message: schema.content(),
    transient: v.optional(v.pipe(v.boolean(), v.description("Other than in 1.2, true without.")), true),
    no_sync: v.optional(v.boolean(), false),
    push_data: v.optional(schema.pushData()),
    priority: v.optional(priority()),
    to_peers: v.optional(
      v.pipe(
        schema.clientIds(RECIPIENTS_MAX),
        v.description("Required in a service conversation, and only there."),
      ),
    ),
  }),
  schema.shown({
    from_peer: example.SENDER,
    conv_id: example.CONVERSATION,
    message: example.TEXT,
    transient: false,
  }),
);

/** The hosted service responded inside `result`, and its documents show the form of 1.2: callers find both. */
const sentTwice = v.object({ ...sent.entries, result: sent });

const change = v.pipe(
  v.object({
    from_peer: schema.clientId(),
    conv_id: schema.conversationId(),
    msg_id: schema.messageId(),
    timestamp: schema.time(),
    message: v.optional(v.pipe(schema.content(), v.description("Required for an edit."))),
    recall: v.optional(v.boolean(), false),
    to_peers: v.optional(
      v.pipe(
        v.union([v.string(), v.array(v.string())]),
        v.transform((peers) =>
          (typeof peers === "string" ? peers.split(",") : peers).map((peer) => peer.trim()),
        ),
        v.description("Whom a message of a service was for: a list, or with commas between."),
      ),
    ),
  }),
  schema.shown({
    from_peer: example.SENDER,
    conv_id: example.CONVERSATION,
    msg_id: example.MESSAGE,
    timestamp: example.MESSAGE_AT,
    message: example.TEXT,
  }),
);

/** A record as history returns it; fields that are not listed here cannot be changed and are ignored. */
const log = v.pipe(
  v.looseObject({
    "msg-id": schema.messageId(),
    timestamp: schema.time(),
    to: v.pipe(schema.conversationId(), v.description("The conversation.")),
    from: v.optional(schema.clientId()),
    data: v.string(),
    bin: v.optional(v.boolean(), false),
  }),
  schema.shown({
    "msg-id": example.MESSAGE,
    timestamp: example.MESSAGE_AT,
    to: example.CONVERSATION,
    from: example.SENDER,
    data: example.TEXT,
    bin: false,
  }),
);

const logPlace = v.object({
  convid: schema.conversationId(),
  msgid: schema.messageId(),
  timestamp: schema.timeText(),
  from: v.optional(schema.clientId()),
});

/** Messages in version 1.1 (http-api §4, A-08). The paths are older and the defaults differ; the rules are the same. */
export const legacyMessageRoutes = new Hono<HttpEnv>()
  .get(
    `${PATH}/history`,
    operation({
      id: "listMessages11",
      tag: "Version 1.1",
      summary: "Read history",
      description: "Of a conversation, of a sender, or everything. Newest first.",
      access: "app",
      answer: records,
    }),
    takes("query", historyQuery),
    (context) => readHistory(context, context.req.valid("query")),
  )
  .get(
    `${PATH}/logs`,
    operation({
      id: "listLogs11",
      tag: "Version 1.1",
      summary: "Read history, by its older address",
      access: "app",
      answer: records,
    }),
    takes("query", historyQuery),
    (context) => readHistory(context, context.req.valid("query")),
  )
  .put(
    `${PATH}/logs`,
    operation({
      id: "rewriteMessage11",
      tag: "Version 1.1",
      summary: "Rewrite a stored message",
      description: "The server's copy alone: devices that have it keep theirs.",
      access: "master",
      answer: schema.nothing,
    }),
    takes("json", log),
    (context) => {
      const { to, timestamp, from, data, bin, "msg-id": messageId } = context.req.valid("json");
      const content = bin ? fromBase64(data) : data;
      if (content === undefined) {
        return refuse(context, 400, { code: INVALID_FIELD, error: "data: must be Base64" });
      }
      return patchMessage(context, to, { messageId, timestamp, from, content, recall: false, silent: true });
    },
  )
  .delete(
    `${PATH}/logs`,
    operation({
      id: "deleteMessage11",
      tag: "Version 1.1",
      summary: "Delete a stored message",
      access: "master",
      answer: schema.nothing,
    }),
    takes("query", logPlace),
    (context) => {
      const { convid, msgid: messageId, timestamp, from } = context.req.valid("query");
      return removeMessage(context, convid, { messageId, timestamp, from });
    },
  )
  .post(
    PATH,
    operation({
      id: "sendMessage11",
      tag: "Version 1.1",
      summary: "Send a message",
      access: "master",
      answer: sentTwice,
      headers: [IDEMPOTENCY_KEY],
      isMetered: true,
    }),
    takes("json", message, undefined, "as written"),
    async (context) => {
      const { from_peer: from, conv_id: id, message: content, ...said } = context.req.valid("json");
      const to = said.to_peers && { name: "clients" as const, clientIds: [...new Set(said.to_peers)] };
      return sendMessage(
        context,
        id,
        {
          from,
          content,
          transient: said.transient,
          noSync: said.no_sync,
          pushData: said.push_data,
          mentionAll: false,
          mentions: [],
          priority: said.priority ?? "high",
          ...(to !== undefined && { to }),
        },
        (sent) => ({ ...sent, result: sent }),
      );
    },
  )
  .post(
    "/1.1/rtm/patch/message",
    operation({
      id: "patchMessage11",
      tag: "Version 1.1",
      summary: "Edit or recall a message",
      access: "master",
      answer: schema.nothing,
      isMetered: true,
    }),
    takes("json", change, undefined, "as written"),
    async (context) => {
      const { from_peer: from, conv_id: id, msg_id: messageId, ...changed } = context.req.valid("json");
      const { timestamp, message: content, recall } = changed;
      const which = { from_client: from, timestamp, to_clients: changed.to_peers };
      if (!recall && content === undefined)
        return refuse(context, 400, { code: INVALID_FIELD, error: "message: is required for an edit" });
      const kind = await awaitCall(knownConversations(context.env).kindOf(id), `looking for ${id}`);
      if (kind === "system") {
        const change = recall ? { recall } : { recall, content: content ?? "" };
        return patchOfService(context, { id, mid: messageId }, which, change);
      }
      if (changed.to_peers !== undefined)
        return refuse(context, 400, {
          code: INVALID_FIELD,
          error: "to_peers: only for service conversations",
        });
      const place = { messageId, timestamp, from, silent: false };
      if (recall) return patchMessage(context, id, { ...place, recall });
      return patchMessage(context, id, { ...place, recall, content: content ?? "" });
    },
  );

async function readHistory(
  context: Context<HttpEnv>,
  { convid, from, max_ts, peerid, ...bounds }: v.InferOutput<typeof historyQuery>,
): Promise<Response> {
  const asked = { ...bounds, timestamp: bounds.timestamp ?? max_ts };
  if (convid !== undefined)
    return conversationHistory(context, convid, asked, { viewer: peerid, kind: undefined });
  if ((await identify(context)) !== "master") return refuse(context, 401, failures.unauthorized);
  return archivedHistory(context, asked, (archive, request) =>
    from === undefined ? messagesOfApp(archive, request) : messagesSentBy(archive, from, request),
  );
}
