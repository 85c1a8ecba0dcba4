import type { Context } from "hono";
import { selectInstallations } from "../../database/installations/query.ts";
import { addNotification, removeNotification, settleNotification } from "../../database/notifications.ts";
import { loggableError } from "../../loggable-error.ts";
import type { JsonObject } from "../../model/json.ts";
import { newObjectId } from "../../protocol/object-id.ts";
import { isPushSetUp } from "../../push/providers.ts";
import { controlled } from "../../push/push-content.ts";
import { pushesOf } from "../../push/push-stub.ts";
import { PUSH_LIFETIME } from "../../push/push-work.ts";
import type { AcceptedNotification, ScheduledNotification } from "../../push/schedule.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { failures, INVALID_FIELD, INVALID_QUERY, refuse } from "../errors.ts";
import { awaitCall, CallFailed } from "../object-call.ts";
import { quotaUsedUp } from "../quota.ts";

/** A requested notification. Times are milliseconds. */
export interface NotificationRequest {
  data: JsonObject;
  where: JsonObject;
  pushTime?: number | undefined;
  expirationTime?: number | undefined;
  /** Seconds from the push time. */
  expirationInterval?: number | undefined;
  notificationId?: string | undefined;
  requestId?: string | undefined;
  environment?: "dev" | "prod" | undefined;
  teamId?: string | undefined;
  topic?: string | undefined;
}

/** A time less than this ahead counts as now (N-06). */
const SOON = 60_000; // ms
/** A longer `where` is not stored for display. */
const SHOWN_WHERE_MAX = 4_096; // characters

/**
 * Accepts a notification. Its record is written first, so that results can be counted in it. Once the PushObject has
 * the notification, it is sent whatever fails. The record shows if the PushObject refused it or did not respond in
 * time.
 */
export async function submit(context: Context<HttpEnv>, asked: NotificationRequest): Promise<Response> {
  const { env } = context;
  const pushes = pushesOf(env);
  const { requestId } = asked;
  if (requestId !== undefined) {
    const before = await awaitCall(pushes.acceptedBefore(requestId), "a request's id");
    if (before !== undefined) return acceptance(context, before);
  }
  const notification = notificationOf(asked, Date.now(), environmentIn(context));
  if (typeof notification === "string") {
    return refuse(context, 400, { code: INVALID_FIELD, error: notification });
  }
  const refusal =
    (await noProvider(context)) ??
    (await unreadable(context, asked.where)) ??
    (await quotaUsedUp(context, "pushes"));
  if (refusal !== undefined) return refusal;

  const { notificationId } = notification.push.cause;
  try {
    await awaitCall(addNotification(env.DB, recordOf(notification, asked)), "a notification's record");
    const accepted = await awaitCall(
      pushes.accept(notification, requestId),
      `notification ${notificationId}`,
    );
    if (accepted === "full") return await full(context, notificationId);
    // The same request arrived twice at once, and the other was first.
    if (accepted.notificationId !== notificationId && asked.notificationId === undefined) {
      await updateRecord(removeNotification(env.DB, notificationId));
    }
    return acceptance(context, accepted);
  } catch (error) {
    const why = `It was not taken, or not in time: ${loggableError(error)}`;
    await updateRecord(settleNotification(env.DB, notificationId, { status: "failed", why }));
    throw error;
  }
}

/** A complete notification with defaults; a sentence if it could never be sent. */
export function notificationOf(
  asked: NotificationRequest,
  now: number,
  environmentOfCaller: "dev" | "prod",
): ScheduledNotification | string {
  const { pushTime = now, expirationTime, expirationInterval } = asked;
  const at = pushTime < now + SOON ? now : pushTime;
  const expiry = expirationInterval === undefined ? PUSH_LIFETIME : expirationInterval * 1_000;
  const expiresAt = expirationTime ?? at + expiry;
  if (expiresAt <= at) return "expiration_time: is over before the notification is sent";
  const { content, teamId, environment } = controlled(asked.data);
  const own = newObjectId(now);
  const profile = asked.data._profile === undefined ? undefined : environment;
  return {
    push: {
      // Notifications that share a record have different ids for devices.
      id: own,
      cause: { type: "notification", notificationId: asked.notificationId ?? own },
      content,
      environment: asked.environment ?? profile ?? environmentOfCaller,
      teamId: asked.teamId ?? teamId,
      topic: asked.topic,
      expiresAt,
    },
    where: asked.where,
    at,
    createdAt: now,
  };
}

/** The environment of the caller's application: any value except 1 means development (http-api §10.2). */
function environmentIn({ req }: Context<HttpEnv>): "dev" | "prod" {
  const names = ["X-LC-Prod", "X-AVOSCloud-Application-Production", "X-Uluru-Application-Production"];
  const [given] = names.flatMap((name) => req.header(name)?.trim() ?? []);
  return given === undefined || given === "1" ? "prod" : "dev";
}

function recordOf({ push, where, at, createdAt }: ScheduledNotification, { data }: NotificationRequest) {
  const { cause, environment, expiresAt } = push;
  const length = JSON.stringify(where).length;
  return {
    id: cause.notificationId,
    status: at > createdAt ? ("scheduled" as const) : ("in-queue" as const),
    data,
    where: length === 2 || length > SHOWN_WHERE_MAX ? undefined : where,
    environment,
    pushAt: at,
    expiresAt,
    createdAt,
  };
}

/** 400 if no provider is set up. */
async function noProvider(context: Context<HttpEnv>): Promise<Response | undefined> {
  const settings = settingsOf(context.env);
  if (isPushSetUp(await settings.get())) return undefined;
  if (settings.peek() === undefined) throw new CallFailed(503, failures.unavailable, "settings: not known");
  const error =
    "No way to devices is set up: set push.apns.keys, push.fcm.serviceAccount, a phone maker's profiles, push.webPush or push.webhook.url " +
    "by PATCH /admin/settings.";
  return refuse(context, 400, { code: 400, error });
}

/** 400 for a `where` that installations cannot be queried by. */
async function unreadable(context: Context<HttpEnv>, where: JsonObject): Promise<Response | undefined> {
  if (Object.keys(where).length === 0) return undefined;
  const any = { where, after: undefined, limit: 1, updatedSince: 0 };
  const found = await awaitCall(selectInstallations(context.env.DB, any), "installations");
  if (!("refused" in found)) return undefined;
  return refuse(context, 400, { code: INVALID_QUERY, error: found.detail.replace(/^102: /, "") });
}

async function full(context: Context<HttpEnv>, notificationId: string): Promise<Response> {
  const error = "Too many notifications wait for their time already: at most 1000.";
  await updateRecord(settleNotification(context.env.DB, notificationId, { status: "failed", why: error }));
  return refuse(context, 400, { code: 400, error });
}

function acceptance(
  context: Context<HttpEnv>,
  { notificationId, createdAt }: AcceptedNotification,
): Response {
  return context.json({ objectId: notificationId, createdAt: new Date(createdAt).toISOString() });
}

/** Updates a record. A failure is logged and does not change the response. */
async function updateRecord(note: Promise<void>): Promise<void> {
  try {
    await awaitCall(note, "a notification's record");
  } catch (error) {
    console.error("push: its record was not updated:", loggableError(error));
  }
}
