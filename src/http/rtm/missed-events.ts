import { Hono } from "hono";
import * as v from "valibot";
import type { MissedEvents } from "../../client/client-stub.ts";
import type { MissedEvent } from "../../conversation/notices.ts";
import type { JsonObject } from "../../model/json.ts";
import type { HttpEnv } from "../env.ts";
import { refused } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { tokenProblem } from "../token-problem.ts";

const query = v.looseObject({
  client_id: schema.clientId(example.READER),
  start_ts: v.optional(v.pipe(schema.timeText(), v.description("Of what came after this time."))),
  notification_type: v.optional(
    v.pipe(v.string(), v.description("`permanent` answers the flat form."), v.examples(["permanent"])),
  ),
});

const answer = v.union([
  v.object({ notifications: v.array(schema.anyObject()), hasMore: v.boolean() }),
  v.object({
    permanent: v.object({ notifications: v.array(schema.anyObject()) }),
    droppable: v.object({ invalidLocalConvCache: v.boolean(), notifications: v.array(schema.anyObject()) }),
  }),
]);

/**
 * `GET /1.1/rtm/notifications?client_id&start_ts[&notification_type=permanent]` with a session token: a client's missed
 * events, in the form of JavaScript (with the type) or Swift (without), wire §11.2.
 */
export const missedEventRoutes = new Hono<HttpEnv>().get(
  "/1.1/rtm/notifications",
  operation({
    id: "listNotifications",
    tag: "SDKs",
    summary: "Read what a client missed beside messages",
    description: "With a session token of the client: 401 with 4112 where it does not count any more.",
    access: "app",
    answer,
    headers: [{ name: "X-LC-IM-Session-Token", description: "From the login.", example: "the-token" }],
  }),
  takes("query", query),
  async (context) => {
    const { client_id: clientId, start_ts: after = 0, notification_type: type } = context.req.valid("query");
    const token = context.req.header("X-LC-IM-Session-Token") ?? "";
    const problem = await tokenProblem(context.env, clientId, token);
    if (problem !== undefined) return refused(context, problem);
    const client = context.env.CLIENTS.getByName(clientId);
    const missed = await awaitCall(client.missedNotices(clientId, token, after), "notifications");
    if ("refused" in missed) return refused(context, missed);
    return context.json(type === "permanent" ? flat(missed) : nested(missed));
  },
);

function flat({ notifications: missed, more }: MissedEvents): JsonObject {
  return { notifications: missed.map((notification) => json(notification, "flat")), hasMore: more };
}

/** Swift requests once. If not everything fits, it is asked to reload its conversations. */
function nested({ notifications: missed, more, complete }: MissedEvents): JsonObject {
  return {
    permanent: { notifications: missed.map((notification) => json(notification, "nested")) },
    droppable: { invalidLocalConvCache: more || !complete, notifications: [] },
  };
}

const OPERATIONS = {
  joined: "joined",
  left: "left",
  membersJoined: "members_joined",
  membersLeft: "members_left",
  updated: "updated",
  role: "member_info_changed",
} as const;

const LIST_OPERATIONS = {
  silenced: { listed: "shutuped", membersListed: "members_shutuped" },
  unsilenced: { listed: "unshutuped", membersListed: "members_unshutuped" },
  blocked: { listed: "blocked", membersListed: "members_blocked" },
  unblocked: { listed: "unblocked", membersListed: "members_unblocked" },
} as const;

function json(notification: MissedEvent, shape: "flat" | "nested"): JsonObject {
  const { at, conversationId, kind } = notification;
  const place = { cid: conversationId, serverTs: at, notificationType: 1 };
  if (kind === "receipt") {
    const { messageId, timestamp, from, read } = notification;
    // As on the wire, present only if true (wire §10.1, 11).
    return { cmd: "rcp", ...place, id: messageId, t: timestamp, from, ...(read ? { read } : {}) };
  }
  const isOfList = kind === "listed" || kind === "membersListed";
  const operation = isOfList ? LIST_OPERATIONS[notification.change][kind] : OPERATIONS[kind];
  const change = {
    cmd: "conv",
    op: shape === "flat" ? operation : operation.replaceAll("_", "-"),
    ...place,
    initBy: notification.by,
    udate: new Date(at).toISOString(),
  };
  if (kind === "membersJoined" || kind === "membersLeft" || kind === "membersListed")
    return { ...change, m: notification.members };
  if (kind === "role") {
    const { member: pid, role, infoId } = notification;
    return { ...change, info: { pid, role, infoId } };
  }
  if (kind !== "updated") return change;
  const { changed, resulting } = notification;
  if (shape === "nested") return { ...change, attr: changed, attrModified: resulting };
  return {
    ...change,
    attr: { data: JSON.stringify(changed) },
    attrModified: { data: JSON.stringify(resulting) },
  };
}
