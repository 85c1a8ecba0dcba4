import { type Context, Hono } from "hono";
import * as v from "valibot";
import { pageOf, type ServicesPage, type SubscribedService } from "../../client/subscribed-services.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { knownConversations } from "../../conversation/creation/known-conversations.ts";
import { knownClients } from "../../conversation/known-clients.ts";
import type { Subscriber } from "../../conversation/service/subscribers.ts";
import { readEarlySubscriptions } from "../../database/conversations/early-subscriptions.ts";
import type { JsonObject } from "../../model/json.ts";
import type { HttpEnv } from "../env.ts";
import { isRefused, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustBe } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { conversationPath } from "./conversations.ts";
import { serviceConversations } from "./served-kinds.ts";

const { kind, path, tag } = serviceConversations;
const LIMIT_MAX = 50;

export const subscription = v.pipe(
  v.object({
    timestamp: v.pipe(v.number(), v.integer(), v.description("When it subscribed, in milliseconds.")),
    subscriber: v.string(),
    conv_id: v.string(),
  }),
  schema.shown({
    timestamp: example.MESSAGE_AT,
    subscriber: example.READER,
    conv_id: example.CONVERSATION,
  }),
);

const subscriberPath = v.object({ id: schema.conversationId(), client: schema.clientId(example.READER) });

const limit = v.optional(
  v.pipe(schema.numberText(LIMIT_MAX), v.description(`1 to ${LIMIT_MAX}; ${LIMIT_MAX} without.`)),
);

const subscribersPage = v.object({
  limit,
  client_id: v.optional(v.pipe(schema.clientId("Butch"), v.description("The last one of the page before."))),
});

export const servicesQuery = {
  limit,
  direction: v.optional(
    v.pipe(
      v.picklist(["new", "old"], "must be new or old"),
      v.description("`new`: the oldest first; `old`: the newest first."),
    ),
    "new",
  ),
  conv_id: v.optional(v.pipe(schema.conversationId(), v.description("The last one of the page before."))),
  timestamp: v.optional(v.pipe(schema.timeText(), v.description("Its time, which goes with `conv_id`."))),
};

/** The parameters of a page of a client's subscriptions. */
export const servicesOf = v.pipe(
  v.object(servicesQuery),
  v.check(
    ({ conv_id: id, timestamp }) => (id === undefined) === (timestamp === undefined),
    "conv_id: goes together with timestamp",
  ),
);

/** Who is subscribed to a service conversation (http-api §2.4, §2.5, V-08). */
export const subscriberRoutes = new Hono<HttpEnv>()
  .post(
    `${path}/:id/subscribers`,
    operation({
      id: "subscribe",
      tag,
      summary: "Subscribe a client to a service conversation",
      description: "A client that has never logged in finds it at its first login.",
      access: "master",
      answer: schema.nothing,
    }),
    takes("param", conversationPath),
    takes("json", v.object({ client_id: schema.clientId(example.READER) })),
    (context) => subscribe(context, context.req.valid("param").id, context.req.valid("json").client_id),
  )
  .get(
    `${path}/:id/subscribers`,
    operation({
      id: "listSubscribers",
      tag,
      summary: "List the subscribers of a service conversation",
      description: "In the order of their ids.",
      access: "master",
      answer: v.array(subscription),
    }),
    takes("param", conversationPath),
    takes("query", subscribersPage),
    (context) => {
      const { limit: most, client_id: after } = context.req.valid("query");
      return listSubscribers(context, context.req.valid("param").id, after, most);
    },
  )
  .get(
    `${path}/:id/subscribers/count`,
    operation({
      id: "countSubscribers",
      tag,
      summary: "Count the subscribers of a service conversation",
      access: "master",
      answer: v.object({ count: v.pipe(v.number(), v.integer(), v.examples([1])) }),
    }),
    takes("param", conversationPath),
    (context) => countSubscribers(context, context.req.valid("param").id),
  )
  .delete(
    `${path}/:id/subscribers/:client`,
    operation({
      id: "unsubscribe",
      tag,
      summary: "End a client's subscription",
      access: "master",
      answer: schema.nothing,
    }),
    takes("param", subscriberPath),
    (context) => unsubscribe(context, context.req.valid("param").id, context.req.valid("param").client),
  )
  .get(
    "/1.2/rtm/clients/:client/service-conversations",
    operation({
      id: "listSubscriptionsOfClient",
      tag,
      summary: "List what a client is subscribed to",
      access: "master",
      answer: v.array(subscription),
    }),
    takes("param", v.object({ client: schema.clientId(example.READER) })),
    takes("query", servicesOf),
    (context) => listServices(context, context.req.valid("param").client, context.req.valid("query")),
  );

export async function subscribe(context: Context<HttpEnv>, id: string, clientId: string): Promise<Response> {
  await mustBe(context.env, id, kind);
  const subscribing = conversationOf(context.env, id).service("subscribe", { clientId });
  const outcome = await awaitCall(subscribing, `subscription of ${clientId}`);
  return isRefused(outcome) ? refused(context, outcome) : context.json({});
}

export async function unsubscribe(
  context: Context<HttpEnv>,
  id: string,
  clientId: string,
): Promise<Response> {
  await mustBe(context.env, id, kind);
  const ending = conversationOf(context.env, id).service("unsubscribe", { clientId });
  const outcome = await awaitCall(ending, `subscription of ${clientId}`);
  return isRefused(outcome) ? refused(context, outcome) : context.json({});
}

export async function listSubscribers(
  context: Context<HttpEnv>,
  id: string,
  after: string | undefined,
  most: number | undefined,
): Promise<Response> {
  await mustBe(context.env, id, kind);
  const found = await awaitCall(
    conversationOf(context.env, id).service("subscribers", { after, limit: pageSize(most) }),
    `subscribers of ${id}`,
  );
  if (isRefused(found)) return refused(context, found);
  return context.json(found.map((subscriber) => subscriptionJson(id, subscriber)));
}

export async function countSubscribers(context: Context<HttpEnv>, id: string): Promise<Response> {
  await mustBe(context.env, id, kind);
  const count = await awaitCall(
    conversationOf(context.env, id).service("subscriberCount", undefined),
    `subscribers of ${id}`,
  );
  return isRefused(count) ? refused(context, count) : context.json({ count });
}

export async function listServices(
  context: Context<HttpEnv>,
  clientId: string,
  asked: v.InferOutput<typeof servicesOf>,
): Promise<Response> {
  const { conv_id: conversationId, timestamp: since } = asked;
  const page: ServicesPage = {
    direction: asked.direction === "new" ? "newer" : "older",
    after: conversationId === undefined || since === undefined ? undefined : { conversationId, since },
    limit: pageSize(asked.limit),
  };
  const found = await awaitCall(existingServices(context, clientId, page), `subscriptions of ${clientId}`);
  return context.json(
    found.map((service) => subscriptionJson(service.conversationId, { clientId, since: service.since })),
  );
}

/** A page without deleted services, which stay on the client's own list until its next login. */
async function existingServices(
  context: Context<HttpEnv>,
  clientId: string,
  page: ServicesPage,
): Promise<SubscribedService[]> {
  const found: SubscribedService[] = [];
  for (let { after } = page; ; ) {
    const listed = await servicesFor(context, clientId, { ...page, after });
    const ids = listed.map(({ conversationId }) => conversationId);
    const current = await knownConversations(context.env).current(ids);
    found.push(...listed.filter(({ conversationId }) => current.has(conversationId)));
    after = listed.at(-1);
    if (listed.length < page.limit || found.length >= page.limit) return found.slice(0, page.limit);
  }
}

/** A client that never logged in has no object, and none is created: D1 has its subscriptions. */
async function servicesFor(
  { env }: Context<HttpEnv>,
  clientId: string,
  page: ServicesPage,
): Promise<SubscribedService[]> {
  if (await knownClients(env.DB).mayHaveLoggedIn(clientId))
    return env.CLIENTS.getByName(clientId).subscribedServices(page);
  return pageOf(await readEarlySubscriptions(env.DB, clientId), page);
}

function pageSize(limit = LIMIT_MAX): number {
  return limit < 1 ? LIMIT_MAX : Math.min(limit, LIMIT_MAX);
}

export function subscriptionJson(conversationId: string, { clientId, since }: Subscriber): JsonObject {
  return { timestamp: since, subscriber: clientId, conv_id: conversationId };
}
