import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import * as v from "valibot";
import type { JsonObject } from "../../model/json.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { identify, operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { submit } from "./notification-requests.ts";
import { notificationId } from "./notifications.ts";

/** Of the whole body (N-04); with a list of devices, of the content. */
const CONTENT_MAX = 4_096; // bytes
const DEVICES_MAX = 500;
const DEVICE_ID_MAX = 512; // characters
/** The largest list of devices, and the content. */
const DEVICES_BODY_MAX = 280_000; // bytes
/** Devices per second: the smallest value that the hosted service accepts (N-06). */
const FLOW_MIN = 1_000;

const token = (shown: string) => {
  const problem = "must be 1 to 16 letters and digits";
  return v.pipe(v.string(problem), v.regex(/^[0-9A-Za-z]{1,16}$/, problem), v.examples([shown]));
};

const name = () => v.pipe(v.string("must be a text"), v.minLength(1, "must be a text"));

const time = (description: string) => {
  const problem = "must be a time in UTC such as 2023-11-14T22:13:20.000Z";
  return v.pipe(
    v.string(problem),
    v.isoTimestamp(problem),
    v.transform(Date.parse),
    v.number(problem),
    v.description(description),
  );
};

const data = v.pipe(
  v.union([name(), schema.anyObject()], "must be an object or a text"),
  v.transform((content): JsonObject => (typeof content === "string" ? { alert: content } : content)),
  v.description("What is pushed, with its per-platform parts. A text is an alert."),
);

/** Fields of both operations. */
const common = {
  data,
  expiration_time: v.optional(time("After it, nothing is pushed. 7 days otherwise.")),
  expiration_interval: v.optional(
    v.pipe(
      v.number("must be a number of seconds"),
      v.integer("must be a number of seconds"),
      v.minValue(1, "must be a number of seconds"),
      v.description("The same in seconds from when it is pushed."),
    ),
  ),
  notification_id: v.optional(
    v.pipe(
      token("launch"),
      v.description("The record's own id. Under one that is known, all is counted together."),
    ),
  ),
  req_id: v.optional(
    v.pipe(
      token("4711"),
      v.description("Asked again by it within five minutes, it answers the same and pushes nothing."),
    ),
  ),
  prod: v.optional(
    v.pipe(
      v.picklist(["dev", "prod"], "must be dev or prod"),
      v.description("Which of Apple's servers; otherwise `dev` where the header `X-LC-Prod` is not 1."),
    ),
  ),
  topic: v.optional(v.pipe(name(), v.description("The bundle id, for devices that name none."))),
  apns_team_id: v.optional(v.pipe(name(), v.description("To devices of this Apple team alone."))),
  _notificationChannel: v.optional(v.pipe(name(), v.description("Of Android."))),
};

const oneExpiry = <Body extends { expiration_time?: unknown; expiration_interval?: unknown }>() =>
  v.check<Body, string>(
    (body) => body.expiration_time === undefined || body.expiration_interval === undefined,
    "expiration_time: not together with expiration_interval",
  );

const push = v.pipe(
  v.object({
    ...common,
    where: v.optional(
      v.pipe(
        v.union([schema.anyObject(), schema.objectText()], "must be a JSON object"),
        v.description("Conditions on installations; without them and channels it is for all."),
      ),
      {},
    ),
    channels: v.optional(
      v.pipe(
        v.union([name(), v.pipe(v.array(name()), v.minLength(1, "must name a channel"))], "must be channels"),
        v.transform((channels) => [channels].flat()),
        v.description("Those that have any of these, of whom `where` fits."),
      ),
    ),
    cql: v.optional(v.never("is not understood; say it in where")),
    push_time: v.optional(time("Less than a minute ahead is now.")),
    flow_control: v.optional(
      v.pipe(
        v.number("must be a number"),
        v.description(
          `Devices a second; less than ${FLOW_MIN} counts as ${FLOW_MIN}. Nobody is pushed to later for it: all are ` +
            "as fast as providers take it.",
        ),
      ),
    ),
  }),
  oneExpiry(),
  schema.shown({ data: { alert: "The cheese is in the larder" }, channels: [example.READER] }),
);

const devices = v.pipe(
  v.object({
    ...common,
    device_type: v.picklist(["ios", "android"], "must be ios or android"),
    device_ids: v.pipe(
      v.array(v.pipe(name(), v.maxLength(DEVICE_ID_MAX, `must have at most ${DEVICE_ID_MAX} characters`))),
      v.minLength(1, "must name a device"),
      v.maxLength(DEVICES_MAX, `must have at most ${DEVICES_MAX} entries`),
      v.description("Device tokens of `ios`, registration or installation ids of `android`."),
    ),
    vendor: v.optional(v.pipe(name(), v.description("Android devices of this vendor alone."))),
    device_profile: v.optional(v.pipe(name(), v.description("Devices of this profile alone."))),
    channel: v.optional(v.pipe(name(), v.description("The notification channel of Android."))),
  }),
  oneExpiry(),
  schema.shown({
    device_type: "ios",
    device_ids: ["c5b1d5f0a5a1c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9"],
    data: { alert: "The cheese is in the larder" },
  }),
);

const accepted = v.object({ objectId: notificationId(), createdAt: schema.isoTime() });

const ENVIRONMENT = {
  name: "X-LC-Prod",
  description: "Anything but 1 is for development, where the body does not say.",
  example: "1",
};

/** Requires the right to push: every copy of the app holds the app key, not only its owner (N-13). */
const forWhoMayPush = createMiddleware<HttpEnv>(async (context, next) => {
  if ((await identify(context)) !== "master") {
    const { push } = await settingsOf(context.env).get();
    const error = "Pushing needs the master key, unless the setting push.allowClientPush is on.";
    if (!push.allowClientPush) return refuse(context, 403, { code: 403, error });
  }
  await next();
});

/** Notifications requested by the app's server (http-api §10.2, N-04 to N-07). */
export const pushRoutes = new Hono<HttpEnv>()
  .post(
    "/1.1/push",
    operation({
      id: "push",
      tag: "Push",
      summary: "Push to devices by conditions",
      description:
        "Now or at a time. Once it is answered, it will be done, and its record says what came of it. With the app " +
        "key only where the setting `push.allowClientPush` is on.",
      access: "app",
      answer: accepted,
      bodyLimit: CONTENT_MAX,
      isMetered: true,
      headers: [ENVIRONMENT],
    }),
    forWhoMayPush,
    takes("json", push, undefined, "as written"),
    (context) => {
      const asked = context.req.valid("json");
      return submit(context, {
        ...commonOf(asked, asked._notificationChannel),
        where: subscribed(asked.where, asked.channels),
        pushTime: asked.push_time,
      });
    },
  )
  .post(
    "/1.1/push/devices",
    operation({
      id: "pushToDevices",
      tag: "Push",
      summary: "Push to devices by their ids",
      description: "As by conditions, and at once.",
      access: "app",
      answer: accepted,
      bodyLimit: DEVICES_BODY_MAX,
      isMetered: true,
      headers: [ENVIRONMENT],
    }),
    forWhoMayPush,
    takes("json", devices, undefined, "as written"),
    (context) => {
      const asked = context.req.valid("json");
      if (new TextEncoder().encode(JSON.stringify(asked.data)).length > CONTENT_MAX) {
        return refuse(context, 413, { code: 413, error: `data: is too large, at most ${CONTENT_MAX} bytes` });
      }
      const { channel, _notificationChannel = channel } = asked;
      return submit(context, { ...commonOf(asked, _notificationChannel), where: named(asked) });
    },
  );

function commonOf(
  asked: v.InferOutput<v.ObjectSchema<typeof common, undefined>>,
  channel: string | undefined,
) {
  return {
    data: channel === undefined ? asked.data : { ...asked.data, _notificationChannel: channel },
    expirationTime: asked.expiration_time,
    expirationInterval: asked.expiration_interval,
    notificationId: asked.notification_id,
    requestId: asked.req_id,
    environment: asked.prod,
    topic: asked.topic,
    teamId: asked.apns_team_id,
  };
}

function subscribed(where: JsonObject, channels: string[] | undefined): JsonObject {
  if (channels === undefined) return where;
  const condition = { channels: { $in: channels } };
  return Object.keys(where).length === 0 ? condition : { $and: [where, condition] };
}

/** A list of devices (N-05) as conditions. */
function named(asked: v.InferOutput<typeof devices>): JsonObject {
  const { device_type: deviceType, device_ids: ids, vendor, device_profile: profile } = asked;
  const one = { $in: ids };
  const named: JsonObject =
    deviceType === "ios" ? { deviceToken: one } : { $or: [{ registrationId: one }, { installationId: one }] };
  return {
    deviceType,
    ...named,
    ...(vendor !== undefined && { vendor }),
    // The default profile of devices that name none.
    ...(profile !== undefined && profile !== "_default" && { deviceProfile: profile }),
  };
}
