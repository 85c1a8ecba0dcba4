import { Hono } from "hono";
import * as v from "valibot";
import type { InspectedClient, InspectedSession } from "../../client/client-inspection.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { type BanRecord, banOf } from "../../database/bans.ts";
import {
  countMemberships,
  isNamedAnywhere,
  type KnownClient,
  knownClientsOf,
} from "../../database/clients.ts";
import { newestConversationsOf } from "../../database/conversations/memberships.ts";
import { installationsWithChannels } from "../../database/installations/installations.ts";
import { forEachLimited } from "../../limited-calls.ts";
import { loggableError } from "../../loggable-error.ts";
import type { Installation } from "../../model/installation.ts";
import { printable } from "../../printable.ts";
import type { HttpEnv } from "../env.ts";
import { failures, refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { mayExist } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

type Env = HttpEnv["Bindings"];

/** Conversations asked for unread counts, and how many of them at a time. */
const UNREAD_ASKED = 100;
const ASKED_AT_ONCE = 20;
const MEMBERSHIPS_COUNTED = 10_000;
const REFUSED_SHOWN = 100;
const AGENT_SHOWN = 128; // characters

const number = (shown: number) => v.pipe(v.number(), v.integer(), v.examples([shown]));

const session = v.object({
  session_id: v.pipe(v.string(), v.examples(["f3k9"])),
  device_id: v.pipe(v.string(), v.examples(["laptop"])),
  tag: v.optional(v.pipe(v.string(), v.examples(["Mobile"]))),
  address: v.optional(v.pipe(v.string(), v.examples(["203.0.113.7"]))),
  user_agent: v.optional(
    v.pipe(v.string(), v.description("The SDK and its version."), v.examples(["js/4.3.1"])),
  ),
  opened_at: v.optional(schema.isoTime()),
  mode: v.optional(
    v.pipe(
      v.picklist(["counts", "messages"]),
      v.description(
        "What it is sent of what it missed: unread counts, or the messages themselves (older SDKs).",
      ),
    ),
  ),
  subscriptions: v.pipe(number(2), v.description("Conversations that it is subscribed to.")),
  broken: v.pipe(
    v.boolean(),
    v.description("Its connection broke on the server's side, and it has some seconds to come back."),
    v.examples([false]),
  ),
});

const answer = v.object({
  client_id: schema.clientId(),
  online: v.pipe(v.boolean(), v.examples([true])),
  first_login_at: v.optional(
    v.pipe(schema.isoTime(), v.description("Absent if there was none, or before that was kept.")),
  ),
  sessions: v.array(session),
  kicked_at: v.optional(
    v.pipe(schema.isoTime(), v.description("Session tokens and signatures from before it do not count.")),
  ),
  ban: v.optional(v.object({ reason: v.pipe(v.string(), v.examples(["Spam"])), at: schema.isoTime() })),
  conversations: v.pipe(number(1), v.description(`Memberships; ${MEMBERSHIPS_COUNTED} is as many or more.`)),
  unread: v.array(v.object({ conv_id: schema.conversationId(), unread: number(1) })),
  unread_complete: v.pipe(
    v.boolean(),
    v.description(`Whether no more than ${UNREAD_ASKED} conversations may have news, and each answered.`),
    v.examples([true]),
  ),
  refused_conversations: v.pipe(
    v.array(schema.conversationId()),
    v.description(`Where the client does not want to be added, ${REFUSED_SHOWN} at most.`),
    v.examples([[]]),
  ),
  services: v.pipe(
    v.array(v.object({ conv_id: schema.conversationId(), since: schema.isoTime() })),
    v.description("Service conversations it subscribed to, the newest first, 100 at most."),
  ),
  installations: v.pipe(
    v.array(
      v.object({
        id: v.pipe(v.string(), v.examples([example.INSTALLATION])),
        device_type: v.pipe(v.string(), v.examples(["ios"])),
        vendor: v.optional(v.pipe(v.string(), v.examples(["mi"]))),
        valid: v.pipe(v.boolean(), v.examples([true])),
        badge: number(0),
        updated_at: schema.isoTime(),
      }),
    ),
    v.description("Devices that are pushed to for this client, 100 at most."),
  ),
});

/** One client, with everything that is known of it (G-02). */
export const clientDetailRoutes = new Hono<HttpEnv>().get(
  "/admin/clients/:client",
  operation({
    id: "inspectClient",
    tag: "Administration",
    summary: "Read everything that is known of a client",
    description:
      "What it did: `GET /admin/events?client_id=…` and `GET /1.2/rtm/clients/{client}/messages`. To sign it out everywhere: `POST /1.2/rtm/clients/{client}/kick`. 404 for an id that nothing names.",
    access: "master",
    answer,
  }),
  takes("param", v.object({ client: schema.clientId() })),
  async (context) => {
    const { env } = context;
    const { client: clientId } = context.req.valid("param");
    const [[known], ban] = await Promise.all([
      awaitCall(knownClientsOf(env.DB, [clientId]), `looking for ${clientId}`),
      awaitCall(banOf(env.DB, clientId), `ban of ${clientId}`),
    ]);
    const hasObject = known !== undefined || ban !== undefined;
    if (!hasObject && !(await awaitCall(isNamedAnywhere(env.DB, clientId), `looking for ${clientId}`)))
      return refuse(context, 404, { ...failures.notFound, error: "Nothing names a client of this id." });
    const [inspected, refused] = hasObject ? await ofItsObject(env, clientId) : [undefined, []];
    const asked = inspected?.mayBeUnread ?? (await memberships(env, clientId));
    const { unread, isComplete } = await unreadIn(env, clientId, asked);
    const devices = await awaitCall(installationsWithChannels(env.DB, [clientId]), "devices");
    return context.json({
      ...stateJson(clientId, known, ban, inspected),
      conversations: await awaitCall(countMemberships(env.DB, clientId, MEMBERSHIPS_COUNTED), "memberships"),
      unread,
      unread_complete: isComplete,
      refused_conversations: refused,
      installations: devices.map(({ installation }) => installationSummary(installation)),
    });
  },
);

/** Only of a client that has an object: none is made for another. */
async function ofItsObject(env: Env, clientId: string): Promise<[InspectedClient, string[]]> {
  const client = env.CLIENTS.getByName(clientId);
  return Promise.all([
    awaitCall(client.inspect(), `sessions of ${clientId}`),
    awaitCall(
      client.refusedConversations({ offset: 0, limit: REFUSED_SHOWN }),
      `refusals of ${clientId}`,
    ).then(({ conversationIds }) => conversationIds),
  ]);
}

const memberships = (env: Env, clientId: string) =>
  awaitCall(newestConversationsOf(env.DB, clientId, UNREAD_ASKED + 1), `memberships of ${clientId}`);

/** Unread counts by conversation, where there are any. One that does not answer is left out. */
async function unreadIn(env: Env, clientId: string, conversationIds: readonly string[]) {
  const unread: { conv_id: string; unread: number }[] = [];
  let isComplete = conversationIds.length <= UNREAD_ASKED;
  await forEachLimited(conversationIds.slice(-UNREAD_ASKED), ASKED_AT_ONCE, async (id) => {
    try {
      if (!(await mayExist(env, id))) return;
      const count = await awaitCall(conversationOf(env, id).unread(clientId), `unread in ${id}`);
      if (typeof count === "number" && count > 0) unread.push({ conv_id: id, unread: count });
    } catch (error) {
      isComplete = false;
      console.warn(`unread in ${id}:`, loggableError(error));
    }
  });
  return { unread: unread.toSorted((a, b) => b.unread - a.unread), isComplete };
}

const iso = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString());

function stateJson(
  clientId: string,
  known: KnownClient | undefined,
  ban: BanRecord | undefined,
  inspected: InspectedClient | undefined,
) {
  const banned = inspected?.ban ?? ban;
  return {
    client_id: clientId,
    online: inspected?.isOnline ?? false,
    first_login_at: iso(known?.firstLoginAt),
    sessions: inspected?.sessions.map(sessionJson) ?? [],
    kicked_at: iso(inspected?.kickedAt),
    ban: banned && { reason: banned.reason, at: iso(banned.at) },
    services:
      inspected?.subscribed.map(({ conversationId, since }) => ({
        conv_id: conversationId,
        since: iso(since),
      })) ?? [],
  };
}

function sessionJson(session: InspectedSession) {
  const { sessionId, deviceId, tag, address, userAgent, openedAt, mode, subscriptions, isBroken } = session;
  return {
    session_id: sessionId,
    device_id: deviceId,
    tag,
    address,
    user_agent: userAgent === undefined ? undefined : printable(userAgent, AGENT_SHOWN),
    opened_at: iso(openedAt),
    mode: mode && (mode === "pull" ? "counts" : "messages"),
    subscriptions,
    broken: isBroken,
  };
}

/** Without tokens and subscriptions: with them anybody can push. */
function installationSummary({ id, deviceType, vendor, valid, badge, updatedAt }: Installation) {
  return { id, device_type: deviceType, vendor, valid, badge, updated_at: iso(updatedAt) };
}
