import { type Context, Hono } from "hono";
import * as v from "valibot";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { timeOfMessageId } from "../../conversation/messages/ids.ts";
import { serviceIds } from "../../database/conversations/existing.ts";
import { adoptedArchive } from "../../database/messages/archive.ts";
import { conversationOfMessage } from "../../database/messages/history.ts";
import { errors } from "../../protocol/errors.ts";
import { readSettings, settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_FIELD, isRefused, refuse, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustBe } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { pushToAll } from "./broadcast-push.ts";
import { record, recordJson } from "./history.ts";
import { IDEMPOTENCY_KEY, sendMessage } from "./message-requests.ts";
import { sent } from "./messages.ts";
import { messageOf } from "./service-messages.ts";

const PATH = "/1.2/rtm/broadcasts";
/** How long a broadcast is valid at most, and by default (ms). */
const VALID_MAX = 30 * 24 * 60 * 60 * 1_000;
const LIMIT_MAX = 1_000;
/** Services that are asked for a broadcast that no list names. */
const SERVICES_ASKED = 50;
const LIMIT_DEFAULT = 100;

export const validTill = () =>
  v.optional(
    v.pipe(
      schema.time(),
      v.description(
        "Until when people who log in get it, in milliseconds: 30 days ahead at most, and by default.",
      ),
    ),
  );

const broadcast = v.pipe(
  v.object({
    from_client: schema.clientId(),
    conv_id: schema.conversationId(),
    message: schema.content(),
    valid_till: validTill(),
    transient: v.optional(
      v.pipe(v.boolean(), v.description("For those online alone; it is not kept.")),
      false,
    ),
    push: v.optional(v.pipe(schema.pushData(), v.description("What all devices of the app are pushed."))),
    mention_all: v.optional(v.boolean(), false),
  }),
  schema.shown({ from_client: example.SENDER, conv_id: example.CONVERSATION, message: example.TEXT }),
);

export const broadcastsPage = v.object({
  conv_id: schema.conversationId(),
  limit: v.optional(
    v.pipe(schema.numberText(), v.description(`1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} otherwise.`)),
  ),
  skip: v.optional(schema.numberText(0)),
});

export const validBroadcasts = v.pipe(
  v.array(v.object({ ...record.entries, valid_till: v.pipe(v.number(), v.description("In milliseconds.")) })),
  schema.shown([
    {
      "msg-id": example.MESSAGE,
      timestamp: example.MESSAGE_AT,
      from: example.SENDER,
      to: example.CONVERSATION,
      "conv-id": example.CONVERSATION,
      data: example.TEXT,
      bin: false,
      "is-conv": true,
      "is-room": false,
      valid_till: example.LATER,
    },
  ]),
);

/** Broadcasts to everybody (http-api §2.6, V-04). */
export const globalBroadcastRoutes = new Hono<HttpEnv>()
  .post(
    PATH,
    operation({
      id: "broadcastToAll",
      tag: "Service conversations",
      summary: "Send a message to everybody",
      description:
        "Through a service conversation, subscribed to it or not. Devices that are online are told now, others at " +
        "login while it is valid.",
      access: "master",
      answer: sent,
      headers: [IDEMPOTENCY_KEY],
      isMetered: true,
    }),
    takes("json", broadcast, undefined, "as written"),
    (context) => {
      const { conv_id: id, valid_till: till, push, ...said } = context.req.valid("json");
      return broadcastToAll(context, id, { ...said, mention_client_ids: [] }, { till, push });
    },
  )
  .get(
    PATH,
    operation({
      id: "listBroadcasts",
      tag: "Service conversations",
      summary: "List the broadcasts to everybody that are valid",
      description: "Of one service conversation, the newest first.",
      access: "master",
      answer: validBroadcasts,
    }),
    takes("query", broadcastsPage),
    (context) => listBroadcasts(context, context.req.valid("query")),
  )
  .delete(
    `${PATH}/:mid`,
    operation({
      id: "deleteBroadcast",
      tag: "Service conversations",
      summary: "Delete a broadcast to everybody",
      description: "Devices that have it keep it.",
      access: "master",
      answer: schema.nothing,
    }),
    takes("param", v.object({ mid: schema.messageId() })),
    (context) => deleteBroadcast(context, context.req.valid("param").mid),
  );

export async function broadcastToAll(
  context: Context<HttpEnv>,
  id: string,
  said: Parameters<typeof messageOf>[0],
  { till, push }: { till: number | undefined; push: string | undefined },
  answer?: Parameters<typeof sendMessage>[3],
): Promise<Response> {
  const now = Date.now();
  if (till !== undefined && (till <= now || till > now + VALID_MAX + 60_000)) {
    const error = "valid_till: must be a time to come, at most 30 days ahead";
    return refuse(context, 400, { code: INVALID_FIELD, error });
  }
  await mustBe(context.env, id, "system");
  const to = { name: "everybody" as const, validTill: till ?? now + VALID_MAX };
  const response = await sendMessage(context, id, { ...messageOf(said), to }, answer, "globalBroadcasts");
  if (response.ok) await refreshList(context);
  if (response.ok && push !== undefined) await pushToAll(context, push);
  return response;
}

/** The gateways of this isolate know the list of broadcasts at once; others read it with the settings, a little later. */
async function refreshList({ env }: Context<HttpEnv>): Promise<void> {
  try {
    settingsOf(env).set(await awaitCall(readSettings(env), "settings"));
  } catch {} // read again soon
}

export async function listBroadcasts(
  context: Context<HttpEnv>,
  { conv_id: id, limit = LIMIT_DEFAULT, skip = 0 }: v.InferOutput<typeof broadcastsPage>,
): Promise<Response> {
  await mustBe(context.env, id, "system");
  const page = { limit: limit < 1 ? LIMIT_DEFAULT : Math.min(limit, LIMIT_MAX), skip: Math.max(skip, 0) };
  const found = await awaitCall(
    conversationOf(context.env, id).service("broadcasts", page),
    `broadcasts of ${id}`,
  );
  if (isRefused(found)) return refused(context, found);
  return context.json(
    found.map(({ message, validTill }) => ({
      ...recordJson({ ...message, conversationId: id }),
      valid_till: validTill,
    })),
  );
}

/** An id names the time of its message. By that the conversation is found, on the list of valid ones or in the archive. */
export async function deleteBroadcast(context: Context<HttpEnv>, messageId: string): Promise<Response> {
  const { env } = context;
  const timestamp = timeOfMessageId(messageId);
  const id = timestamp === undefined ? undefined : await serviceOf(context, messageId, timestamp);
  if (id === undefined || timestamp === undefined) {
    const { code, meaning } = errors.MESSAGE_NOT_FOUND;
    return refuse(context, 404, { code, error: meaning });
  }
  const location = { messageId, timestamp, from: undefined };
  const deleting = conversationOf(env, id).service("deleteBroadcast", location);
  const outcome = await awaitCall(deleting, `deletion in ${id}`);
  if (isRefused(outcome)) return refused(context, outcome);
  await refreshList(context);
  return context.json({});
}

async function serviceOf({ env }: Context<HttpEnv>, messageId: string, timestamp: number) {
  const { broadcasts } = await settingsOf(env).get();
  for (const [id, valid] of Object.entries(broadcasts.unexpired))
    if (valid.some(({ at }) => at === timestamp)) return id;
  const archived = await awaitCall(
    adoptedArchive(env).then((archive) => conversationOfMessage(archive, { messageId, timestamp })),
    "a broadcast",
  );
  if (archived !== undefined) return archived;
  // It may be too young for the archive. An app has a few services.
  const services = await awaitCall(serviceIds(env.DB, SERVICES_ASKED), "services");
  for (const id of services) {
    const asked = conversationOf(env, id).service("audienceOf", { messageId, timestamp, from: undefined });
    if ((await awaitCall(asked, `a message in ${id}`)) === "everybody") return id;
  }
  return undefined;
}
