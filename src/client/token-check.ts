import type { AccessState } from "./access-state.ts";
import type { TokenRefused } from "./client-stub.ts";
import type { Logouts } from "./logouts.ts";
import type { Services } from "./ports.ts";
import type { IssuedClaims } from "./session-token.ts";
import { type Tags, tagOf } from "./tags.ts";

/** Who decides what a session token is still worth, beside the token itself. */
export interface Records {
  tags: Tags;
  accessState: AccessState;
  logouts: Logouts;
}

/**
 * Why a session token does not count, for a call over HTTP that shows it; undefined if it does. It has to be this
 * client's, of the device that holds its tag, and newer than the last kick and than the device's last logout (C-09,
 * D-10, X-03); a banned client has none that counts.
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
 * What the session of a token calls its device (C-12); or why the token does not count. One from before tokens named
 * devices has to be had anew by logging in.
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
  { tags, accessState: standing, logouts }: Records,
  { tokens, now }: Services,
): Promise<IssuedClaims | TokenRefused> {
  const claims = await tokens.verify(token, clientId, now());
  if (claims === undefined) return { refused: "SESSION_TOKEN_EXPIRED" };
  if (standing.ban !== undefined) return { refused: "BLACKLISTED" };
  const { deviceId, issuedAt } = claims;
  if (standing.isRevoked(issuedAt) || logouts.isRevoked(deviceId, issuedAt))
    return { refused: "SESSION_TOKEN_EXPIRED" };
  const tag = tagOf(claims.tag);
  const generation = tag === undefined ? 0 : (tags.holder(tag)?.generation ?? 0);
  return claims.generation < generation ? { refused: "SESSION_CONFLICT" } : claims;
}
