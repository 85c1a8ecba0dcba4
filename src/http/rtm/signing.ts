import { type Context, Hono } from "hono";
import * as v from "valibot";
import { findUser } from "../../database/users/users.ts";
import { hooksOf } from "../../hooks/before/app-hooks.ts";
import { signLogin } from "../../protocol/signatures.ts";
import { settingsOf } from "../../settings/store.ts";
import { usersAt } from "../../settings/user-settings.ts";
import { hashOf } from "../../users/session-token.ts";
import { userErrors } from "../../users/user-errors.ts";
import { ownUserJson } from "../../users/user-json.ts";
import type { HttpEnv } from "../env.ts";
import { refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const userToken = v.object({
  session_token: v.pipe(v.string(), v.minLength(1), v.maxLength(1024), v.examples([example.USER_TOKEN])),
});

const loginSignature = v.object({
  signature: v.pipe(
    v.string(),
    v.description("Hex HMAC-SHA1 under the master key."),
    v.examples([example.SIGNATURE]),
  ),
  nonce: v.pipe(v.string(), v.examples([example.NONCE])),
  client_id: schema.clientId(),
  timestamp: v.pipe(
    v.number(),
    v.integer(),
    v.description("Milliseconds."),
    v.examples([example.MESSAGE_AT]),
  ),
});

const summary = "Sign a login";
const description =
  "For the user of a session token: one of this server's, or one of the app's own account system, whom the hook " +
  "`_rtmClientSign` knows. The setting `users.where` says which.";

/** Login signatures for users of the app, in versions 1.2 and 1.1. */
export const signingRoutes = new Hono<HttpEnv>()
  .get(
    "/1.2/rtm/clients/sign",
    operation({
      id: "signLogin",
      tag: "Clients",
      summary,
      description,
      access: "app",
      answer: loginSignature,
    }),
    takes("query", userToken),
    (context) => signedLogin(context, context.req.valid("query").session_token),
  )
  .post(
    "/1.1/rtm/sign",
    operation({
      id: "signLogin11",
      tag: "SDKs",
      summary,
      description,
      access: "app",
      answer: loginSignature,
    }),
    takes("json", userToken),
    (context) => signedLogin(context, context.req.valid("json").session_token),
  );

/** Each call returns another signature. */
async function signedLogin(context: Context<HttpEnv>, sessionToken: string): Promise<Response> {
  const { env } = context;
  const { users } = await settingsOf(env).get();
  return usersAt(users) === "here" ? signedUser(context, sessionToken) : signedByHook(context, sessionToken);
}

/** For a user of this server, unless the hook `_rtmClientSign` exists and refuses (H-10). */
async function signedUser(context: Context<HttpEnv>, sessionToken: string): Promise<Response> {
  const { env } = context;
  const finding = hashOf(sessionToken).then((hash) => findUser(env.DB, { by: "token", hash }));
  const user = await awaitCall(finding, "reading a user");
  if (user === undefined) return refuse(context, 400, userErrors.NOT_FOUND);
  const allowed = await hooksOf(env).aboutSignIn(sessionToken, ownUserJson(user, sessionToken));
  if (allowed?.allowed === false) return refuse(context, 403, { code: 403, error: allowed.error });
  return signedFor(context, user.id);
}

/** For a user of the app's own account system, whom the hook knows (H-10). */
async function signedByHook(context: Context<HttpEnv>, sessionToken: string): Promise<Response> {
  // It keeps the deadline of hooks, and never rejects.
  const known = await hooksOf(context.env).aboutSignIn(sessionToken);
  if (known === undefined) {
    return refuse(context, 404, {
      code: 404,
      error: "Nobody answers for session tokens: no _rtmClientSign, and users.where is not here.",
    });
  }
  if (!known.allowed) return refuse(context, 403, { code: 403, error: known.error });
  return signedFor(context, known.clientId);
}

async function signedFor(context: Context<HttpEnv>, clientId: string): Promise<Response> {
  const { APP_ID: appId, MASTER_KEY: masterKey } = context.env;
  const login = { clientId, timestamp: Date.now(), nonce: crypto.randomUUID() };
  const signature = await signLogin({ appId, masterKey, ...login });
  const { timestamp, nonce } = login;
  return context.json({ signature, nonce, client_id: clientId, timestamp });
}
