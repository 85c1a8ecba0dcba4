import type { ErrorName } from "../protocol/errors.ts";
import type { ClientParts } from "./client-parts.ts";
import type { TokenRefused } from "./client-stub.ts";
import type { IssuedClaims } from "./session-token.ts";
import { tagOf } from "./tags.ts";

type AccessParts = Pick<ClientParts, "devices" | "lifecycle" | "records" | "services" | "sessions">;

/** Kicks and bans a client for the app, and checks the tokens and signatures that HTTP calls carry. */
export class AccessControl {
  readonly #parts: AccessParts;

  constructor(parts: AccessParts) {
    this.#parts = parts;
  }

  /**
   * Ends every session with 4115. Tokens and signatures from before it are no longer valid. Returns the number
   * of sessions.
   */
  kick(clientId: string, reason: string): number {
    const now = this.#parts.services.now();
    this.#parts.records.accessState.kick(now);
    this.#parts.devices.unbindAll(clientId, now);
    return this.#parts.lifecycle.endAll("KICKED_BY_APP", reason);
  }

  /** Ends every session with 4106, and refuses logins until `unban`. */
  ban(clientId: string, reason: string): void {
    const now = this.#parts.services.now();
    this.#parts.records.accessState.setBan({ reason, at: now });
    this.#parts.devices.unbindAll(clientId, now);
    this.#parts.lifecycle.endAll("BLACKLISTED", reason);
  }

  unban(): void {
    this.#parts.records.accessState.liftBan();
  }

  /** Why a signature of this time (ms) is not accepted: a kick since, or a ban; undefined if it is. */
  signatureRefusal(signedAt: number): ErrorName | undefined {
    const { accessState } = this.#parts.records;
    if (accessState.ban !== undefined) return "BLACKLISTED";
    return accessState.isRevoked(signedAt) ? "SIGNATURE_FAILED" : undefined;
  }

  /** Why a session token is not accepted over HTTP; undefined if it is. */
  async checkToken(clientId: string, token: string): Promise<TokenRefused | undefined> {
    const claims = await this.#claimsOf(clientId, token);
    return "refused" in claims ? claims : undefined;
  }

  /**
   * The device name of the session that a token belongs to, or why the token is not accepted. The device is about to
   * subscribe to push under that name, and a logout unsubscribes it from then on (C-12). A token from before tokens
   * named devices has to be renewed by a login.
   */
  async deviceOf(clientId: string, token: string): Promise<{ device: string } | TokenRefused> {
    const claims = await this.#claimsOf(clientId, token);
    if ("refused" in claims) return claims;
    const { deviceId: device } = claims;
    if (device === undefined) return { refused: "SESSION_TOKEN_EXPIRED" };
    for (const session of this.#parts.sessions.open) {
      // At its login, the device did not receive push yet.
      if (session.pushDevice === undefined && session.deviceId === device) session.renameDevice(device);
    }
    return { device };
  }

  /**
   * The claims of an accepted token. It has to be of this client, of the device that holds its tag, and newer than the
   * last kick and the last logout of the device (C-09, D-10, X-03). A banned client has no valid token.
   */
  async #claimsOf(clientId: string, token: string): Promise<IssuedClaims | TokenRefused> {
    const { tags, accessState, logouts } = this.#parts.records;
    const claims = await this.#parts.services.tokens.verify(token, clientId, this.#parts.services.now());
    if (claims === undefined) return { refused: "SESSION_TOKEN_EXPIRED" };
    if (accessState.ban !== undefined) return { refused: "BLACKLISTED" };
    const { deviceId, issuedAt } = claims;
    if (accessState.isRevoked(issuedAt) || logouts.isRevoked(deviceId, issuedAt))
      return { refused: "SESSION_TOKEN_EXPIRED" };
    const tag = tagOf(claims.tag);
    const generation = tag === undefined ? 0 : (tags.holder(tag)?.generation ?? 0);
    return claims.generation < generation ? { refused: "SESSION_CONFLICT" } : claims;
  }
}
