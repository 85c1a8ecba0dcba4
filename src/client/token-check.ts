import type { AccessState } from "./access-state.ts";
import type { TokenRefused } from "./client-stub.ts";
import type { Logouts } from "./logouts.ts";
import type { Services } from "./ports.ts";
import type { IssuedClaims } from "./session-token.ts";
import { type Tags, tagOf } from "./tags.ts";

/** The records that decide whether a session token is still valid, apart from the token itself. */
export interface Records {
  tags: Tags;
  accessState: AccessState;
  logouts: Logouts;
}

/**
 * Why a session token is not accepted for a call over HTTP; undefined if it is. The token has to be of this client, of
 * the device that holds its tag, and newer than the last kick and the last logout of the device (C-09, D-10, X-03). A
 * banned client has no valid token.
 */
export async function checkToken(
  clientId: string,
  token: string,
  records: Records,
  services: Services,
): Promise<TokenRefused | undefined> {
  const claims = await claimsOf(clientId, token, records, services);
  return "refused" in claims ? claims : undefined;
}

/**
 * The device name of the session that a token belongs to (C-12), or why the token is not accepted. A token from before
 * tokens named devices has to be renewed by a login.
 */
export async function deviceOfToken(
  clientId: string,
  token: string,
  records: Records,
  services: Services,
): Promise<{ device: string } | TokenRefused> {
  const claims = await claimsOf(clientId, token, records, services);
  if ("refused" in claims) return claims;
  const { deviceId: device } = claims;
  return device === undefined ? { refused: "SESSION_TOKEN_EXPIRED" } : { device };
}

async function claimsOf(
  clientId: string,
  token: string,
  { tags, accessState, logouts }: Records,
  { tokens, now }: Services,
): Promise<IssuedClaims | TokenRefused> {
  const claims = await tokens.verify(token, clientId, now());
  if (claims === undefined) return { refused: "SESSION_TOKEN_EXPIRED" };
  if (accessState.ban !== undefined) return { refused: "BLACKLISTED" };
  const { deviceId, issuedAt } = claims;
  if (accessState.isRevoked(issuedAt) || logouts.isRevoked(deviceId, issuedAt))
    return { refused: "SESSION_TOKEN_EXPIRED" };
  const tag = tagOf(claims.tag);
  const generation = tag === undefined ? 0 : (tags.holder(tag)?.generation ?? 0);
  return claims.generation < generation ? { refused: "SESSION_CONFLICT" } : claims;
}
