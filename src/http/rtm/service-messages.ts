import { type Context, Hono } from "hono";
import * as v from "valibot";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { uniqueIdOf } from "../../conversation/messages/ids.ts";
import type { MessageLocation, PatchByServer, ServerMessage } from "../../conversation/server-calls.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_PARAMETER, isRefused, refuse, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustBe } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import type { Quota } from "../quota.ts";
import * as schema from "../schemas.ts";
import { pushToAll } from "./broadcast-push.ts";
import { conversationPath } from "./conversations.ts";
import { bounds, recordJson, records, requestOf } from "./history.ts";
import { IDEMPOTENCY_KEY, patchMessage, sendMessage } from "./message-requests.ts";
import { priority, sent } from "./messages.ts";
import { serviceConversations } from "./served-kinds.ts";

const { kind, path, tag } = serviceConversations;
const MENTIONS_MAX = 20;
/** Recipients that one message names (V-03). */
export const RECIPIENTS_MAX = 20;

const text = { from_client: schema.clientId(), message: schema.content() };
const mentioned = {
  mention_all: v.optional(v.boolean(), false),
  mention_client_ids: v.optional(v.pipe(v.array(schema.clientId()), v.maxLength(MENTIONS_MAX)), []),
};

const broadcast = v.pipe(
  v.object({
    ...text,
    ...mentioned,
    transient: v.optional(v.boolean(), false),
    push: v.optional(v.pipe(schema.pushData(), v.description("What all devices of the app are pushed."))),
  }),
  schema.shown({ from_client: example.SENDER, message: example.TEXT }),
);

const direct = v.pipe(
  v.object({
    ...text,
    ...mentioned,
    to_clients: schema.clientIds(RECIPIENTS_MAX),
    transient: v.optional(v.boolean(), false),
    no_sync: v.optional(v.pipe(v.boolean(), v.description("Leave out the sender's own devices.")), false),
    push_data: v.optional(schema.pushData()),
    priority: v.optional(priority()),
  }),
  schema.shown({ from_client: example.SENDER, message: example.TEXT, to_clients: [example.READER] }),
);

const place = v.object({ id: schema.conversationId(), mid: schema.messageId() });
const ofClient = v.object({ id: schema.conversationId(), client: schema.clientId(example.READER) });
const author = {
  from_client: schema.clientId(),
  timestamp: schema.time(),
  to_clients: v.optional(
    v.pipe(
      schema.clientIds(RECIPIENTS_MAX),
      v.description("All that a message to some clients was for; not there for a broadcast."),
    ),
  ),
};
const authorExample = { from_client: example.SENDER, timestamp: example.MESSAGE_AT };

const edit = v.pipe(
  v.object({ ...author, message: schema.content() }),
  schema.shown({
    ...authorExample,
    to_clients: [example.READER],
    message: '{"_lctype":-1,"_lctext":"Hi, Jerry!"}',
  }),
);
const recall = v.pipe(v.object(author), schema.shown({ ...authorExample, to_clients: [example.READER] }));

/** Messages of service conversations (http-api §2.4, V-02, V-03, V-07). */
export const serviceMessageRoutes = new Hono<HttpEnv>()
  .post(
    `${path}/:id/broadcasts`,
    operation({
      id: "broadcast",
      tag,
      summary: "Send a message to all subscribers",
      description: "It is written once, however many they are.",
      access: "master",
      answer: sent,
      headers: [IDEMPOTENCY_KEY],
      isMetered: true,
    }),
    takes("param", conversationPath),
    takes("json", broadcast, undefined, "as written"),
    async (context) => {
      const { id } = context.req.valid("param");
      const { push, ...said } = context.req.valid("json");
      return broadcastToSubscribers(context, id, messageOf(said), push);
    },
  )
  .post(
    `${path}/:id/messages`,
    operation({
      id: "sendServiceMessage",
      tag,
      summary: "Send a message to some clients",
      description: "Subscribed or not.",
      access: "master",
      answer: sent,
      headers: [IDEMPOTENCY_KEY],
      isMetered: true,
    }),
    takes("param", conversationPath),
    takes("json", direct, undefined, "as written"),
    async (context) => {
      const { id } = context.req.valid("param");
      const { to_clients, no_sync: noSync, push_data: pushData, ...said } = context.req.valid("json");
      await mustBe(context.env, id, kind);
      const to = { name: "clients" as const, clientIds: [...new Set(to_clients)] };
      return sendMessage(context, id, { ...messageOf(said), to, noSync, pushData });
    },
  )
  .put(
    `${path}/:id/messages/:mid`,
    operation({
      id: "editServiceMessage",
      tag,
      summary: "Edit a message of a service conversation",
      description:
        "A broadcast, or with `to_clients` a message to these. A broadcast to everybody changes for devices that have " +
        "not got it yet.",
      access: "master",
      answer: schema.nothing,
      isMetered: true,
    }),
    takes("param", place),
    takes("json", edit, undefined, "as written"),
    (context) => {
      const { message: content, ...which } = context.req.valid("json");
      return patchOfService(context, context.req.valid("param"), which, { recall: false, content });
    },
  )
  .put(
    `${path}/:id/messages/:mid/recall`,
    operation({
      id: "recallServiceMessage",
      tag,
      summary: "Recall a message of a service conversation",
      description: "A broadcast to subscribers, or with `to_clients` a message to these.",
      access: "master",
      answer: schema.nothing,
      isMetered: true,
    }),
    takes("param", place),
    takes("json", recall),
    (context) =>
      patchOfService(context, context.req.valid("param"), context.req.valid("json"), { recall: true }),
  )
  .get(
    `${path}/:id/subscribers/:client/messages`,
    operation({
      id: "listServiceMessages",
      tag,
      summary: "Read what a client and a service conversation said",
      description: "With what was broadcast to subscribers, if the client is one. Newest first.",
      access: "master",
      answer: records,
    }),
    takes("param", ofClient),
    takes("query", v.object(bounds)),
    async (context) => {
      const { id, client } = context.req.valid("param");
      const request = requestOf(context.req.valid("query"));
      if (typeof request === "string")
        return refuse(context, 400, { code: INVALID_PARAMETER, error: request });
      await mustBe(context.env, id, kind);
      const { start, end, reversed, limit } = request;
      const direction = reversed ? ("newer" as const) : ("older" as const);
      const asked = { direction, start, end, limit, messageType: undefined };
      const reading = conversationOf(context.env, id).service("dialogue", {
        clientId: client,
        request: asked,
      });
      const found = await awaitCall(reading, `history of ${client}`);
      if (isRefused(found)) return refused(context, found);
      const ordered = reversed ? found : found.toReversed(); // the oldest comes first
      const log = await uniqueIdOf([`${id}:${client}`]);
      return context.json(
        ordered.map((message) => ({ ...recordJson({ ...message, conversationId: id }), "conv-id": log })),
      );
    },
  )
  .delete(
    `${path}/:id/subscribers/:client/messages/:mid`,
    operation({
      id: "deleteServiceMessage",
      tag,
      summary: "Take a message out of what a client may read",
      description: "A broadcast to subscribers, or a message to clients. Devices that have it keep it.",
      access: "master",
      answer: schema.nothing,
    }),
    takes("param", v.object({ ...ofClient.entries, mid: schema.messageId() })),
    takes("query", v.object({ from_client: schema.clientId(), timestamp: schema.timeText() })),
    async (context) => {
      const { id, client, mid: messageId } = context.req.valid("param");
      const { from_client: from, timestamp } = context.req.valid("query");
      await mustBe(context.env, id, kind);
      const hiding = conversationOf(context.env, id).service("hideFrom", {
        clientId: client,
        messageId,
        timestamp,
        from,
      });
      const outcome = await awaitCall(hiding, `deletion in ${id}`);
      return isRefused(outcome) ? refused(context, outcome) : context.json({});
    },
  );

interface Said {
  from_client: string;
  message: string;
  transient: boolean;
  mention_all: boolean;
  mention_client_ids: string[];
}

type NewMessage = Omit<ServerMessage, "dedupeToken" | "content" | "to"> & { content: string };

export function messageOf(said: Said): NewMessage {
  return {
    from: said.from_client,
    content: said.message,
    transient: said.transient,
    noSync: false,
    pushData: undefined,
    mentionAll: said.mention_all,
    mentions: said.mention_client_ids,
    priority: "normal",
  };
}

/** @param push JSON of what all devices of the app are pushed */
export async function broadcastToSubscribers(
  context: Context<HttpEnv>,
  id: string,
  message: NewMessage,
  push: string | undefined,
  answer?: Parameters<typeof sendMessage>[3],
): Promise<Response> {
  await mustBe(context.env, id, kind);
  const to = { name: "subscribers" as const };
  const response = await sendMessage(context, id, { ...message, to }, answer, "broadcasts");
  if (response.ok && push !== undefined) await pushToAll(context, push);
  return response;
}

type Change = { recall: true } | { recall: false; content: string };

/** Edits or recalls a message; which quota that takes depends on who it was for (http-api §6). */
export async function patchOfService(
  context: Context<HttpEnv>,
  { id, mid: messageId }: { id: string; mid: string },
  which: { from_client: string; timestamp: number; to_clients?: string[] | undefined },
  change: Change,
): Promise<Response> {
  await mustBe(context.env, id, kind);
  const { from_client: from, timestamp, to_clients: toClients } = which;
  const location: MessageLocation = { messageId, timestamp, from };
  const quota = await quotaFor(context, id, location);
  if (typeof quota !== "string") return refused(context, quota);
  const patch: PatchByServer = {
    ...location,
    silent: false,
    ...(toClients !== undefined && { toClients }),
    ...change,
  };
  return patchMessage(context, id, patch, quota);
}

async function quotaFor({ env }: Context<HttpEnv>, id: string, location: MessageLocation) {
  const audience = await awaitCall(
    conversationOf(env, id).service("audienceOf", location),
    `a message in ${id}`,
  );
  if (isRefused(audience)) return audience;
  const quotas: Record<string, Quota> = { subscribers: "broadcasts", everybody: "globalBroadcasts" };
  return quotas[audience ?? "clients"] ?? "messages";
}
