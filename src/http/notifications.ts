import { Hono } from "hono";
import type { MissedNotices } from "../client/missed-notices.ts";
import { isClientId } from "../conversation/client-id.ts";
import type { Notification } from "../conversation/notices.ts";
import { withDeadline } from "../deadline.ts";
import { errors } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/json.ts";
import { callerOf } from "./auth.ts";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";

const DEADLINE = 8_000; // ms for the client's object and the conversations behind it

/**
 * `GET /1.1/rtm/notifications?client_id&start_ts[&notification_type=permanent]` with a session token: what a
 * client missed beside messages, in the shape of JavaScript (with the type) or Swift (without), wire §11.2.
 */
export const notifications = new Hono<HttpEnv>().get("/1.1/rtm/notifications", async (context) => {
  const { env, req } = context;
  if ((await callerOf(req.raw, env)) === "none") return refuse(context, 401, failures.unauthorized);
  const clientId = req.query("client_id");
  if (clientId === undefined || !isClientId(clientId)) {
    return refuse(context, 400, { code: 1, error: "client_id: a client id" });
  }
  const after = Number(req.query("start_ts") ?? 0);
  if (!Number.isSafeInteger(after) || after < 0) {
    return refuse(context, 400, { code: 1, error: "start_ts: a time in milliseconds" });
  }
  const token = req.header("X-LC-IM-Session-Token") ?? "";
  const client = env.CLIENTS.getByName(clientId);
  const missed = await withDeadline(client.missedNotices(clientId, token, after), DEADLINE, "notifications");
  if ("refused" in missed) {
    const { code, meaning } = errors[missed.refused];
    return refuse(context, 401, { code, error: meaning });
  }
  return context.json(req.query("notification_type") === "permanent" ? flat(missed) : nested(missed));
});

function flat({ notifications: missed, more }: MissedNotices): JsonObject {
  return { notifications: missed.map((notification) => json(notification, "flat")), hasMore: more };
}

/** Swift asks once: of what does not fit, it is told to look at its conversations anew. */
function nested({ notifications: missed, more, complete }: MissedNotices): JsonObject {
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
} as const;

function json(notification: Notification, shape: "flat" | "nested"): JsonObject {
  const { at, conversationId, kind } = notification;
  const place = { cid: conversationId, serverTs: at, notificationType: 1 };
  if (kind === "receipt") {
    const { messageId, timestamp, from, read } = notification;
    // As on the wire: present only when true (wire §10.1, 11).
    return { cmd: "rcp", ...place, id: messageId, t: timestamp, from, ...(read ? { read } : {}) };
  }
  const operation = OPERATIONS[kind];
  const change = {
    ...{ cmd: "conv", op: shape === "flat" ? operation : operation.replaceAll("_", "-"), ...place },
    ...{ initBy: notification.by, udate: new Date(at).toISOString() },
  };
  if (kind === "membersJoined" || kind === "membersLeft") return { ...change, m: notification.members };
  if (kind !== "updated") return change;
  const { changed, resulting } = notification;
  if (shape === "nested") return { ...change, attr: changed, attrModified: resulting };
  return {
    ...change,
    attr: { data: JSON.stringify(changed) },
    attrModified: { data: JSON.stringify(resulting) },
  };
}
