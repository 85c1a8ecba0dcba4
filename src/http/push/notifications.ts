import { type Context, Hono } from "hono";
import * as v from "valibot";
import {
  listNotifications,
  type NotificationRecord,
  readNotification,
  removeNotification,
  removeUnsentNotification,
} from "../../database/notifications.ts";
import type { JsonObject } from "../../model/json.ts";
import { pushesOf } from "../../push/push-stub.ts";
import type { NumberedNotification } from "../../push/schedule.ts";
import type { HttpEnv } from "../env.ts";
import { refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const SKIP_MAX = 100_000;

export const notificationId = () =>
  v.pipe(
    v.string(),
    v.regex(/^[0-9A-Za-z]{1,24}$/, "must be a notification's id"),
    v.examples([example.NOTIFICATION]),
  );

const count = (description: string) =>
  v.pipe(v.number(), v.integer(), v.description(description), v.examples([1]));

const pushed = () =>
  v.pipe(
    schema.anyObject(),
    v.description("What is pushed."),
    schema.shown({ alert: "The cheese is in the larder" }),
  );
const conditions = () =>
  v.pipe(
    schema.anyObject(),
    v.description(
      "Conditions on installations; not there where it is for all, or for more than can be shown.",
    ),
    schema.shown({ channels: { $in: [example.READER] } }),
  );
const environment = () => v.pipe(v.picklist(["dev", "prod"]), v.examples(["prod"]));

const record = v.object({
  objectId: notificationId(),
  notificationId: notificationId(),
  msg: pushed(),
  status: v.pipe(
    v.picklist(["scheduled", "in-queue", "sending", "done", "failed"]),
    v.description(
      "`sending` once all devices were found, while some wait for their provider, or for another attempt; then `done`.",
    ),
    v.examples(["done"]),
  ),
  devices: count("Devices it is for."),
  successes: count("Taken by a provider."),
  iosSuccesses: count("Of these by Apple."),
  fcmSuccesses: count("By FCM."),
  hmsSuccesses: count("By Huawei's service."),
  honorSuccesses: count("By Honor's."),
  miSuccesses: count("By Xiaomi's."),
  oppoSuccesses: count("By OPPO's."),
  vivoSuccesses: count("By vivo's."),
  meizuSuccesses: count("By Meizu's."),
  webSuccesses: count("By browsers' push services."),
  webhookSuccesses: count("By the webhook."),
  invalidTokens: count("Devices that are no more; they were removed."),
  errors: count("Not taken, and not to be tried again."),
  errorMessage: v.optional(v.pipe(v.string(), v.description("The last error."))),
  prod: environment(),
  where: v.optional(conditions()),
  "from-service": v.pipe(v.literal("push"), v.examples(["push"])),
  "push-time": schema.isoTime(),
  createdAt: schema.isoTime(),
});

const number = () =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,15}$/, "must be the number of a scheduled notification"),
    v.transform(Number),
    v.pipe(v.number(), v.integer()),
    v.examples([example.SCHEDULED]),
  );

const scheduled = v.object({
  results: v.array(
    v.object({
      id: v.pipe(v.number(), v.integer(), v.examples([example.SCHEDULED])),
      expire_time: v.pipe(
        v.number(),
        v.integer(),
        v.description("When it will be sent, in milliseconds."),
        v.examples([example.LATER]),
      ),
      push_msg: v.object({
        id: notificationId(),
        msg: pushed(),
        where: v.optional(conditions()),
        prod: environment(),
      }),
      createdAt: schema.isoTime(),
    }),
  ),
});

const one = v.object({ id: notificationId() });
const page = v.object({
  limit: v.optional(
    v.pipe(schema.numberText(), v.description(`1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} otherwise.`)),
  ),
  skip: v.optional(schema.numberText(0)),
});

/** Results of notifications (N-11), and scheduled notifications (N-12). */
export const notificationRoutes = new Hono<HttpEnv>()
  .get(
    "/1.1/notifications",
    operation({
      id: "listNotificationRecords",
      tag: "Push",
      summary: "Read what became of notifications",
      description: "Newest first. Kept for 7 days.",
      access: "master",
      answer: v.object({ results: v.array(record) }),
    }),
    takes("query", page),
    async (context) => {
      const { limit = LIMIT_DEFAULT, skip = 0 } = context.req.valid("query");
      const bounds = {
        limit: limit >= 1 && limit <= LIMIT_MAX ? limit : LIMIT_DEFAULT,
        skip: Math.min(Math.max(skip, 0), SKIP_MAX),
      };
      const found = await awaitCall(listNotifications(context.env.DB, bounds), "notifications");
      return context.json({ results: found.map(recordJson) });
    },
  )
  .get(
    "/1.1/notifications/:id",
    operation({
      id: "getNotification",
      tag: "Push",
      summary: "Read what became of a notification",
      access: "master",
      answer: record,
    }),
    takes("param", one),
    (context) => found(context, context.req.valid("param").id),
  )
  .get(
    "/1.1/tables/Notifications/:id",
    operation({
      id: "getNotificationRow",
      tag: "Push",
      summary: "Read what became of a notification, with the app key",
      access: "app",
      answer: record,
    }),
    takes("param", one),
    (context) => found(context, context.req.valid("param").id),
  )
  .delete(
    "/1.1/notifications/:id",
    operation({
      id: "deleteNotification",
      tag: "Push",
      summary: "Take a notification back, or delete its record",
      description: "Devices that it was handed on for already are pushed to.",
      access: "master",
      answer: schema.nothing,
    }),
    takes("param", one),
    async (context) => {
      const { id } = context.req.valid("param");
      const { DB } = context.env;
      const record = await awaitCall(readNotification(DB, id), "a notification");
      if (record === undefined) return notFound(context);
      // The record is removed last: while it exists, a repeated request finds the notifications to cancel.
      await awaitCall(pushesOf(context.env).removeAll(id), `taking back ${id}`);
      await awaitCall(removeNotification(DB, id), "a notification's record");
      return context.json({});
    },
  )
  .get(
    "/1.1/scheduledPushMessages",
    operation({
      id: "listScheduledPushes",
      tag: "Push",
      summary: "List the notifications that wait for their time",
      description: "The next one first.",
      access: "master",
      answer: scheduled,
    }),
    async (context) => {
      const waiting = await awaitCall(pushesOf(context.env).waiting(), "scheduled notifications");
      return context.json({ results: waiting.map(scheduledJson) });
    },
  )
  .delete(
    "/1.1/scheduledPushMessages/:number",
    operation({
      id: "cancelScheduledPush",
      tag: "Push",
      summary: "Take a scheduled notification back",
      access: "master",
      answer: schema.nothing,
    }),
    takes("param", v.object({ number: number() })),
    async (context) => {
      const { number } = context.req.valid("param");
      const pushes = pushesOf(context.env);
      const waiting = await awaitCall(pushes.waiting(), "scheduled notifications");
      const id = waiting.find((notification) => notification.number === number)?.push.cause.notificationId;
      if (id === undefined) return notFound(context);
      // Others may share its record. The notification is removed last: while it exists, a repeated request finds it.
      if (waiting.filter(({ push }) => push.cause.notificationId === id).length === 1) {
        await awaitCall(removeUnsentNotification(context.env.DB, id), "a notification's record");
      }
      await awaitCall(pushes.remove(number), `taking back ${id}`);
      return context.json({});
    },
  );

async function found(context: Context<HttpEnv>, id: string): Promise<Response> {
  const record = await awaitCall(readNotification(context.env.DB, id), "a notification");
  return record === undefined ? notFound(context) : context.json(recordJson(record));
}

function notFound(context: Context<HttpEnv>): Response {
  return refuse(context, 404, { code: 404, error: "There is no such notification." });
}

function recordJson(record: NotificationRecord): JsonObject {
  const { apns = 0, fcm = 0, webPush = 0, webhook = 0 } = record.providers;
  const { hms = 0, honor = 0, mi = 0, oppo = 0, vivo = 0, meizu = 0 } = record.providers;
  const { devices, successes, invalidTokens, errors } = record;
  // All its devices were found, and some providers have not responded yet.
  const isSending =
    record.status === "done" && devices > successes + invalidTokens + errors && record.expiresAt > Date.now();
  return {
    objectId: record.id,
    notificationId: record.id,
    msg: record.data,
    status: isSending ? "sending" : record.status,
    devices: record.devices,
    successes: record.successes,
    iosSuccesses: apns,
    fcmSuccesses: fcm,
    hmsSuccesses: hms,
    honorSuccesses: honor,
    miSuccesses: mi,
    oppoSuccesses: oppo,
    vivoSuccesses: vivo,
    meizuSuccesses: meizu,
    webSuccesses: webPush,
    webhookSuccesses: webhook,
    invalidTokens: record.invalidTokens,
    errors: record.errors,
    ...(record.lastError !== undefined && { errorMessage: record.lastError }),
    prod: record.environment,
    ...(record.where !== undefined && { where: record.where }),
    "from-service": "push",
    "push-time": new Date(record.pushAt).toISOString(),
    createdAt: new Date(record.createdAt).toISOString(),
  };
}

function scheduledJson({ number, push, where, at, createdAt }: NumberedNotification): JsonObject {
  return {
    id: number,
    expire_time: at,
    push_msg: { id: push.cause.notificationId, msg: push.content, where, prod: push.environment },
    createdAt: new Date(createdAt).toISOString(),
  };
}
