import { Hono } from "hono";
import * as v from "valibot";
import { conversationOf } from "../../conversation/conversation-of.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { mustBe } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import {
  broadcastsPage,
  broadcastToAll,
  deleteBroadcast,
  listBroadcasts,
  validBroadcasts,
  validTill,
} from "./global-broadcasts.ts";
import { IDEMPOTENCY_KEY } from "./message-requests.ts";
import { sent } from "./messages.ts";
import { broadcastToSubscribers, messageOf } from "./service-messages.ts";
import {
  countSubscribers,
  listServices,
  listSubscribers,
  servicesQuery,
  subscribe,
  subscription,
  unsubscribe,
} from "./service-subscribers.ts";

const tag = "Version 1.1";
const PATH = "/1.1/rtm";

const named = { conv_id: schema.conversationId(), client_id: schema.clientId(example.READER) };

const said = {
  from_peer: schema.clientId(),
  conv_id: schema.conversationId(),
  message: schema.content(),
  push: v.optional(schema.pushData()),
};
const saidExample = { from_peer: example.SENDER, conv_id: example.CONVERSATION, message: example.TEXT };

const broadcast = v.pipe(
  v.object({ ...said, valid_till: validTill(), transient: v.optional(v.boolean(), false) }),
  schema.shown(saidExample),
);

const toSubscribers = v.pipe(v.object(said), schema.shown(saidExample));

/** The hosted service responded inside `result`, and its documents show the form of 1.2: callers find both. */
const sentTwice = v.object({ ...sent.entries, result: sent });
const twice: Parameters<typeof broadcastToSubscribers>[4] = (answer) => ({ ...answer, result: answer });

const written = ({
  from_peer,
  message,
  transient = false,
}: {
  from_peer: string;
  message: string;
  transient?: boolean;
}) => {
  return { from_client: from_peer, message, transient, mention_all: false, mention_client_ids: [] };
};

/** Service conversations in version 1.1 (http-api §4, A-08). The paths are older; the rules are the same. */
export const legacyServiceRoutes = new Hono<HttpEnv>()
  .post(
    `${PATH}/broadcast`,
    operation({
      id: "broadcastToAll11",
      tag,
      summary: "Send a message to everybody",
      access: "master",
      answer: sentTwice,
      headers: [IDEMPOTENCY_KEY],
      isMetered: true,
    }),
    takes("json", broadcast, undefined, "as written"),
    (context) => {
      const { conv_id: id, valid_till: till, push, ...rest } = context.req.valid("json");
      return broadcastToAll(context, id, written(rest), { till, push }, twice);
    },
  )
  .get(
    `${PATH}/broadcast`,
    operation({
      id: "listBroadcasts11",
      tag,
      summary: "List the broadcasts to everybody that are valid",
      access: "master",
      answer: validBroadcasts,
    }),
    takes("query", broadcastsPage),
    (context) => listBroadcasts(context, context.req.valid("query")),
  )
  .delete(
    `${PATH}/broadcast`,
    operation({
      id: "deleteBroadcast11",
      tag,
      summary: "Delete a broadcast to everybody",
      access: "master",
      answer: schema.nothing,
    }),
    takes("query", v.object({ mid: schema.messageId() })),
    (context) => deleteBroadcast(context, context.req.valid("query").mid),
  )
  .post(
    `${PATH}/broadcast/subscriber`,
    operation({
      id: "broadcast11",
      tag,
      summary: "Send a message to all subscribers",
      access: "master",
      answer: sentTwice,
      headers: [IDEMPOTENCY_KEY],
      isMetered: true,
    }),
    takes("json", toSubscribers, undefined, "as written"),
    (context) => {
      const { conv_id: id, push, ...rest } = context.req.valid("json");
      return broadcastToSubscribers(context, id, messageOf(written(rest)), push, twice);
    },
  )
  .post(
    `${PATH}/conversation/subscription`,
    operation({
      id: "subscribe11",
      tag,
      summary: "Subscribe a client to a service conversation",
      access: "master",
      answer: schema.nothing,
    }),
    takes("json", v.object(named)),
    (context) => {
      const { conv_id: id, client_id: clientId } = context.req.valid("json");
      return subscribe(context, id, clientId);
    },
  )
  .delete(
    `${PATH}/conversation/subscription`,
    operation({
      id: "unsubscribe11",
      tag,
      summary: "End a client's subscription",
      access: "master",
      answer: schema.nothing,
    }),
    takes("query", v.object(named)),
    (context) => {
      const { conv_id: id, client_id: clientId } = context.req.valid("query");
      return unsubscribe(context, id, clientId);
    },
  )
  .get(
    `${PATH}/conversation/subscription`,
    operation({
      id: "listSubscriptionsOfClient11",
      tag,
      summary: "List what a client is subscribed to",
      access: "master",
      answer: v.array(subscription),
    }),
    takes("query", v.object({ ...servicesQuery, client_id: schema.clientId(example.READER) })),
    (context) => {
      const { client_id: clientId, ...asked } = context.req.valid("query");
      return listServices(context, clientId, asked);
    },
  )
  .get(
    `${PATH}/conversation/subscribed`,
    operation({
      id: "isSubscribed11",
      tag,
      summary: "Find out whether a client is subscribed",
      access: "master",
      answer: v.pipe(v.boolean(), v.examples([true])),
    }),
    takes("query", v.object(named)),
    async (context) => {
      const { conv_id: id, client_id: clientId } = context.req.valid("query");
      await mustBe(context.env, id, "system");
      const asked = conversationOf(context.env, id).isMember(clientId);
      return context.json(await awaitCall(asked, `subscription of ${clientId}`));
    },
  )
  .get(
    `${PATH}/conversation/subscribers`,
    operation({
      id: "listSubscribers11",
      tag,
      summary: "List the subscribers of a service conversation",
      access: "master",
      answer: v.array(subscription),
    }),
    takes(
      "query",
      v.object({
        conv_id: schema.conversationId(),
        client_id: v.optional(schema.clientId("Butch")),
        limit: servicesQuery.limit,
      }),
    ),
    (context) => {
      const { conv_id: id, client_id: after, limit } = context.req.valid("query");
      return listSubscribers(context, id, after, limit);
    },
  )
  .get(
    `${PATH}/conversation/subscribers/count`,
    operation({
      id: "countSubscribers11",
      tag,
      summary: "Count the subscribers of a service conversation",
      access: "master",
      answer: v.object({ count: v.pipe(v.number(), v.integer(), v.examples([1])) }),
    }),
    takes("query", v.object({ conv_id: schema.conversationId() })),
    (context) => countSubscribers(context, context.req.valid("query").conv_id),
  );
