import { type Context, Hono } from "hono";
import * as v from "valibot";
import {
  installationsWithChannels,
  registerBrowser,
  removeInstallations,
} from "../../database/installations/installations.ts";
import { isTrial } from "../../demo-mode.ts";
import { addressProblem, isNameable } from "../../outbound/http-client.ts";
import { fromBase64 } from "../../protocol/base64.ts";
import { newVapidKeys, TRIAL_SUBJECT } from "../../push/vapid.ts";
import type { Settings } from "../../settings/schema.ts";
import { changeSettings, settingsOf } from "../../settings/store.ts";
import { address } from "../../settings/value-schemas.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_FIELD, refuse, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { tokenProblem } from "../token-problem.ts";

const PATH = "/1.2/rtm/clients/:client/web-push";

/** Bytes of a subscription's keys (RFC 8291 §2.1, §3.2): a point on P-256, and a secret. */
const POINT = 65;
const SECRET = 16;

const base64Url = (bytes: number, shown: string) => {
  const problem = `must be ${bytes} bytes in base64url, without padding`;
  return v.pipe(
    v.string(problem),
    v.regex(/^[\w-]+$/, problem),
    v.length(Math.ceil((bytes * 4) / 3), problem),
    v.examples([shown]),
  );
};

const endpoint = () => v.pipe(address(), v.examples([example.SUBSCRIPTION.endpoint]));

/** The result of `PushSubscription.toJSON()`. */
const subscription = v.pipe(
  v.looseObject({
    endpoint: endpoint(),
    expirationTime: v.optional(v.nullable(v.number("must be a time in milliseconds"))),
    keys: v.object({
      p256dh: base64Url(POINT, example.SUBSCRIPTION.keys.p256dh),
      auth: base64Url(SECRET, example.SUBSCRIPTION.keys.auth),
    }),
  }),
  schema.shown(example.SUBSCRIPTION),
);

const client = v.object({ client: schema.clientId(example.READER) });
const publicKey = v.object({ publicKey: v.pipe(v.string(), v.examples([example.WEB_PUSH_KEY])) });
const installation = v.object({ objectId: v.pipe(v.string(), v.examples([example.INSTALLATION])) });

const TOKEN = "X-LC-IM-Session-Token";
const token = { name: TOKEN, description: "From the client's login.", example: "the-token" };

/** Browsers that receive Web Push. The logged-in client registers them with a subscription. */
export const webPushRoutes = new Hono<HttpEnv>()
  .get(
    "/1.2/push/web",
    operation({
      id: "getWebPushKey",
      tag: "Push",
      summary: "Find out the key for Web Push",
      description: "A browser subscribes with it as its `applicationServerKey`.",
      access: "app",
      answer: publicKey,
    }),
    async (context) => {
      const webPush = await webPushKeys(context.env);
      if (webPush === null) {
        return refuse(context, 404, { code: 404, error: "Web Push is not set up: push.webPush is null." });
      }
      return context.json({ publicKey: webPush.publicKey });
    },
  )
  .put(
    PATH,
    operation({
      id: "registerBrowser",
      tag: "Push",
      summary: "Push to a client's browser",
      description:
        "What `PushSubscription.toJSON()` gives, after every login: the browser belongs to the client of the token " +
        "until they log out there. 401 with 4112 where the token does not count.",
      access: "app",
      answer: installation,
      headers: [token],
    }),
    takes("param", client),
    takes("json", subscription),
    async (context) => {
      const { env } = context;
      const { client: clientId } = context.req.valid("param");
      const { endpoint, keys } = context.req.valid("json");
      if (!isNameable(env, endpoint)) {
        return refuseField(context, "endpoint: must be https and a public host");
      }
      if (!(await isPoint(keys.p256dh))) return refuseField(context, "keys.p256dh: must be a point on P-256");
      const known = await deviceOf(context, clientId);
      if ("refused" in known) return refused(context, known);
      const registration = {
        clientId,
        device: known.device,
        now: Date.now(),
        subscription: { endpoint, keys },
      };
      const { id } = await awaitCall(registerBrowser(env.DB, registration), "registering a browser");
      return context.json({ objectId: id });
    },
  )
  .delete(
    PATH,
    operation({
      id: "forgetBrowser",
      tag: "Push",
      summary: "Stop pushing to a client's browser",
      description: "Succeeds also if they have no such browser.",
      access: "app",
      answer: schema.nothing,
      headers: [token],
    }),
    takes("param", client),
    // A browser may send its whole subscription.
    takes("json", v.looseObject({ endpoint: endpoint() })),
    async (context) => {
      const { DB } = context.env;
      const { client: clientId } = context.req.valid("param");
      const { endpoint } = context.req.valid("json");
      const known = await deviceOf(context, clientId);
      if ("refused" in known) return refused(context, known);
      const found = await awaitCall(installationsWithChannels(DB, [clientId]), `devices of ${clientId}`);
      const ids = found
        .map(({ installation }) => installation)
        .filter(({ subscription }) => subscription?.endpoint === endpoint)
        .map(({ id }) => id);
      if (ids.length > 0) await awaitCall(removeInstallations(DB, ids), "forgetting a browser");
      return context.json({});
    },
  );

/**
 * The configured keys. A trial server creates them when the page first requests them, so that visitors see a push
 * without any setup.
 */
async function webPushKeys(env: HttpEnv["Bindings"]): Promise<Settings["push"]["webPush"]> {
  const { push } = await settingsOf(env).get();
  if (push.webPush !== null || !isTrial(env)) return push.webPush;
  const keys = { ...(await newVapidKeys()), subject: TRIAL_SUBJECT };
  const making = changeSettings(
    env,
    ({ push: { webPush } }) => ({ push: { webPush: webPush ?? keys } }),
    (url, allowPrivate) => addressProblem(env, url, allowPrivate),
  );
  const made = await awaitCall(making, "settings");
  return "settings" in made ? made.settings.push.webPush : null;
}

/** A valid session token proves the client; the result is the device name of its session. */
async function deviceOf(context: Context<HttpEnv>, clientId: string) {
  const shown = context.req.header(TOKEN) ?? "";
  const forged = await tokenProblem(context.env, clientId, shown);
  if (forged !== undefined) return forged;
  return awaitCall(context.env.CLIENTS.getByName(clientId).deviceOf(clientId, shown), "session token");
}

const refuseField = (context: Context, error: string): Response =>
  refuse(context, 400, { code: INVALID_FIELD, error });

/** Whether the key can be encrypted to: WebCrypto accepts only points on the curve. */
async function isPoint(encoded: string): Promise<boolean> {
  const bytes = fromBase64(encoded);
  if (bytes === undefined) return false;
  const algorithm = { name: "ECDH", namedCurve: "P-256" };
  return crypto.subtle.importKey("raw", bytes, algorithm, false, []).then(
    () => true,
    () => false,
  );
}
