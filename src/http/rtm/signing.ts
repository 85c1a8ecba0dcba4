import type { Context } from "hono";
import * as v from "valibot";
import { hooksOf } from "../../hooks/before/app-hooks.ts";
import { signLogin } from "../../protocol/signatures.ts";
import type { HttpEnv } from "../env.ts";
import { refuse } from "../errors.ts";
import * as example from "../examples.ts";
import * as schema from "../schemas.ts";

export const sessionToken = () =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(1024), v.examples([example.USER_TOKEN]));

export const loginSignature = v.object({
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

/**
 * A login signature for a user of the app's own account system (X-06, H-10). The hook `_rtmClientSign` identifies the
 * user by a session token. Each call returns another signature.
 */
export async function signedLogin(context: Context<HttpEnv>, userToken: string): Promise<Response> {
  const { env } = context;
  // It keeps the deadline of hooks, and never rejects.
  const known = await hooksOf(env).aboutSignIn(userToken);
  if (known === undefined) {
    return refuse(context, 404, {
      code: 404,
      error: "Nobody answers for session tokens: no _rtmClientSign.",
    });
  }
  if (!known.allowed) return refuse(context, 403, { code: 403, error: known.error });
  const { clientId } = known;
  const login = { clientId, timestamp: Date.now(), nonce: crypto.randomUUID() };
  const signature = await signLogin({ appId: env.APP_ID, masterKey: env.MASTER_KEY, ...login });
  const { timestamp, nonce } = login;
  return context.json({ signature, nonce, client_id: clientId, timestamp });
}
