import { type Context, Hono } from "hono";
import * as v from "valibot";
import { onlineAmong } from "../../app/online.ts";
import type { Env } from "../../bindings.ts";
import { clientServicesOf } from "../../client/client-services.ts";
import { totalUnreadCount } from "../../client/total-unread-count.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { knownConversations } from "../../conversation/creation/known-conversations.ts";
import { knownClients } from "../../conversation/known-clients.ts";
import { newestConversationsOf } from "../../database/conversations/memberships.ts";
import { messagesSentBy } from "../../database/messages/history.ts";
import { CONVERSATIONS_COUNTED, COSTLY_REQUEST } from "../../request-bounds.ts";
import type { HttpEnv } from "../env.ts";
import { isRefused, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustExist } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { archivedHistory, bounds, records } from "./history.ts";

const PATH = "/1.2/rtm/clients";
export const ONLINE_MAX = 20; // clients asked for in one call
export const REASON_MAX = 20; // characters

export const onlineAnswer = v.object({ results: v.array(schema.clientId()) });
export const unreadAnswer = v.object({ count: v.pipe(v.number(), v.integer(), v.examples([1])) });
export const kickReason = () =>
  v.pipe(v.string(), v.maxLength(REASON_MAX, `must have at most ${REASON_MAX} characters`));

const client = v.object({ client: schema.clientId() });
const someClients = v.object({ client_ids: schema.clientIds(ONLINE_MAX) });
const reason = v.pipe(v.object({ reason: v.optional(kickReason(), "") }), schema.shown({ reason: "Enough" }));

/** Clients, one by one (http-api §2.5, A-05). */
export const clientRoutes = new Hono<HttpEnv>()
  .post(
    `${PATH}/check-online`,
    operation({
      id: "checkOnline",
      isReading: true,
      tag: "Clients",
      summary: "Find out which clients are online",
      description: "Clients that are offline or never logged in are absent from the answer.",
      access: "master",
      answer: onlineAnswer,
    }),
    takes("json", someClients),
    async (context) => answerOnlineAmong(context, context.req.valid("json").client_ids),
  )
  .get(
    `${PATH}/:client/unread-count`,
    operation({
      id: "countUnread",
      tag: "Clients",
      summary: "Count unread messages",
      description:
        "In all conversations, the latest 500 of those with news, or in one: 0 if they are no member. The app key " +
        "suffices (Y-22).",
      access: "app",
      answer: unreadAnswer,
      weight: COSTLY_REQUEST,
    }),
    takes("param", client),
    takes("query", v.object({ conv_id: v.optional(schema.conversationId()) })),
    (context) => answerUnread(context, context.req.valid("param").client, context.req.valid("query").conv_id),
  )
  .post(
    `${PATH}/:client/kick`,
    operation({
      id: "kick",
      tag: "Clients",
      summary: "Log a client out",
      description: "On every device, with 4115. Signatures made before do not count any more.",
      access: "master",
      answer: schema.nothing,
    }),
    takes("param", client),
    takes("json", reason),
    (context) => kick(context, context.req.valid("param").client, context.req.valid("json").reason),
  )
  .get(
    `${PATH}/:client/messages`,
    operation({
      id: "listMessagesOfClient",
      tag: "Clients",
      summary: "Read what a client sent",
      description: "Newest first. Complete up to the time in the header `X-Parley-Complete-Until`.",
      access: "master",
      answer: records,
    }),
    takes("param", v.object({ client: schema.clientId(example.SENDER) })),
    takes("query", v.object(bounds)),
    (context) => {
      const { client: clientId } = context.req.valid("param");
      return archivedHistory(context, context.req.valid("query"), (archive, request) =>
        messagesSentBy(archive, clientId, request),
      );
    },
  );

export async function answerOnlineAmong(context: Context<HttpEnv>, clientIds: string[]): Promise<Response> {
  const results = await awaitCall(onlineAmong(context.env, [...new Set(clientIds)]), "who is online");
  return context.json({ results });
}

export async function answerUnread(
  context: Context<HttpEnv>,
  clientId: string,
  conversationId: string | undefined,
): Promise<Response> {
  if (conversationId === undefined) {
    return context.json({ count: await awaitCall(unreadOf(context.env, clientId), `unread of ${clientId}`) });
  }
  const { env } = context;
  await mustExist(env, conversationId);
  const isService = (await knownConversations(env).kindOf(conversationId)) === "system";
  // A client knows which broadcasts to everybody are older than itself.
  if (isService && (await knownClients(env.DB).mayHaveLoggedIn(clientId))) {
    const counting = env.CLIENTS.getByName(clientId).unreadCount(clientId, conversationId);
    return context.json({ count: await awaitCall(counting, `unread of ${clientId}`) });
  }
  const conversation = conversationOf(env, conversationId);
  const counted = conversation.unread(clientId);
  const count = await awaitCall(counted, `unread in ${conversationId}`);
  return isRefused(count) ? refused(context, count) : context.json({ count: count ?? 0 });
}

/**
 * A client that never logged in has no object with its unread counts, and none is created: its conversations count
 * instead.
 */
async function unreadOf(env: Env, clientId: string): Promise<number> {
  if (await knownClients(env.DB).mayHaveLoggedIn(clientId))
    return env.CLIENTS.getByName(clientId).unreadCount(clientId);
  const conversations = await newestConversationsOf(env.DB, clientId, CONVERSATIONS_COUNTED);
  return totalUnreadCount(clientId, conversations, clientServicesOf(env));
}

export async function kick(context: Context<HttpEnv>, clientId: string, why: string): Promise<Response> {
  await awaitCall(context.env.CLIENTS.getByName(clientId).kick(clientId, why), `kick of ${clientId}`);
  return context.json({});
}
