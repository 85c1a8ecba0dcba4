import type { Env } from "../bindings.ts";
import { credentialServicesOf } from "../client/client-services.ts";
import type { Refused } from "../protocol/outcome.ts";

/**
 * Why a session token cannot be one of this client; undefined if the client's object has to decide. It is called first,
 * so that an invented name wakes no object: a client with a token that was issued here has logged in before.
 */
export async function tokenProblem(env: Env, clientId: string, token: string): Promise<Refused | undefined> {
  const { tokens, now } = credentialServicesOf(env);
  const claims = await tokens.verify(token, clientId, now());
  return claims === undefined ? { refused: "SESSION_TOKEN_EXPIRED" } : undefined;
}
