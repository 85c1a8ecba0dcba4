import { findUserId } from "../database/users/users.ts";
import type { Deployment } from "../model/deployment.ts";
import { hashOf, TOKEN_LENGTH_MAX } from "./session-token.ts";

/**
 * The id of the user whom a session token belongs to (`X-LC-Session` and its older names); undefined if it is nobody's.
 * Throws if D1 fails.
 */
export async function userOfSession(
  { DB }: Pick<Deployment, "DB">,
  sessionToken: string,
): Promise<string | undefined> {
  if (sessionToken === "" || sessionToken.length > TOKEN_LENGTH_MAX) return undefined;
  return findUserId(DB, await hashOf(sessionToken));
}
