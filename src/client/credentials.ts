import { loggableError } from "../loggable-error.ts";
import type { CommandOf, Signature } from "../protocol/commands.ts";
import type { Refused } from "../protocol/outcome.ts";
import { isSignatureValid, lastTimeOf } from "../protocol/signatures.ts";
import type { Settings } from "../settings/schema.ts";
import type { CredentialServices } from "./client-ports.ts";
import { looksLikeJsonWebToken, type TokenVerdict } from "./json-web-token.ts";
import type { IssuedClaims } from "./session-token.ts";
import { tagOf } from "./tags.ts";

/** The checked credentials of a login, as far as they can be checked without the client's object. */
export interface LoginProof {
  /** The claims of the session token, if the login has one. */
  claims: IssuedClaims | undefined;
  /** When the credentials were made (ms): a later kick revokes them. Undefined if none are required. */
  madeAt: number | undefined;
  /** The client has proved its identity, now or when its token was issued. */
  proven: boolean;
}

export const LABEL_LIMIT = 1024; // characters of a tag or a device name: the attachment of the link holds them

export const tokenExpired: Refused = { refused: "SESSION_TOKEN_EXPIRED" };

/**
 * Checks the session token of a login, or else its credentials. The gateway does this, so that a login with an invented
 * name wakes no object. The client's object decides about kicks, bans and tags (`login.ts`).
 *
 * @param security undefined if the app requires no credentials
 */
export async function checkLogin(
  clientId: string,
  command: CommandOf<"session.open">,
  security: Settings["security"] | undefined,
  services: CredentialServices,
): Promise<LoginProof | Refused> {
  const labels = [command.tag, command.deviceId, command.deviceToken];
  if (labels.some((label) => (label?.length ?? 0) > LABEL_LIMIT)) {
    return { refused: "INVALID_LOGIN", detail: "tag or device id too long" };
  }
  const mustProve = security !== undefined && wantsProof(security);
  if (command.token !== undefined) {
    const claims = await services.tokens.verify(command.token, clientId, services.now());
    const otherTag = command.tag !== undefined && tagOf(command.tag) !== claims?.tag;
    if (claims === undefined || otherTag) return tokenExpired;
    // The token is from before the app required signatures, so it may not belong to the client that it names.
    if (mustProve && !claims.proven) return tokenExpired;
    return { claims, madeAt: claims.issuedAt, proven: mustProve || claims.proven };
  }
  if (!mustProve) return { claims: undefined, madeAt: undefined, proven: false };
  const proof = await checkCredentials(clientId, command.signature, security, services);
  return "refused" in proof ? proof : { claims: undefined, madeAt: proof.madeAt, proven: true };
}

/** Sufficient credentials. */
export interface Proof {
  /** The latest time (ms) at which they may have been made: a later kick revokes them. Infinity if none are required. */
  madeAt: number;
}

/** Whether logins have to prove the client's identity. */
export function wantsProof({ signLogin, jwt }: Settings["security"]): boolean {
  return signLogin || jwt !== null;
}

/**
 * Whether the credentials of a login are sufficient: a signature of the app's server, or a JSON Web Token
 * if the app has rules for them. Either is enough if both are required, and none is needed if neither is. Error 4102 if
 * not.
 */
export async function checkCredentials(
  clientId: string,
  signature: Signature | undefined,
  security: Settings["security"],
  services: CredentialServices,
): Promise<Proof | Refused> {
  const { signLogin, jwt } = security;
  if (!wantsProof(security)) return { madeAt: Number.POSITIVE_INFINITY };
  if (signature === undefined) return signatureFailed("the app wants logins signed");
  if (jwt !== null && looksLikeJsonWebToken(signature.signature)) {
    let verdict: TokenVerdict;
    try {
      verdict = await services.checkJsonWebToken(signature.signature, clientId, jwt);
    } catch (error) {
      console.error("login by JSON Web Token:", loggableError(error));
      return { refused: "INTERNAL_ERROR", detail: "the keys for JSON Web Tokens cannot be read" };
    }
    return "problem" in verdict ? signatureFailed(verdict.problem) : { madeAt: verdict.issuedAt };
  }
  if (!signLogin) return signatureFailed("the app wants a JSON Web Token as signature");
  const { appId, masterKey } = services;
  const permission = { action: "login" } as const;
  const check = { appId, masterKey, clientId, permission, signature, now: services.now() };
  if (!(await isSignatureValid(check))) return signatureFailed("the signature is wrong or too old");
  return { madeAt: lastTimeOf(signature) };
}

export function signatureFailed(detail: string): Refused {
  return { refused: "SIGNATURE_FAILED", detail };
}
