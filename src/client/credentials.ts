import { loggableError } from "../loggable-error.ts";
import type { CommandOf, Signature } from "../protocol/commands.ts";
import type { Refused } from "../protocol/outcome.ts";
import { isSignatureValid, lastTimeOf } from "../protocol/signatures.ts";
import type { Settings } from "../settings/schema.ts";
import { looksLikeJsonWebToken, type TokenVerdict } from "./json-web-token.ts";
import type { Judges } from "./ports.ts";
import type { IssuedClaims } from "./session-token.ts";
import { tagOf } from "./tags.ts";

/** What a login showed, as far as that can be judged without the client's object. */
export interface LoginProof {
  /** Of the session token, where it showed one. */
  claims: IssuedClaims | undefined;
  /** When what lets the client in was made (ms): a later kick voids it. Undefined where nothing is asked for. */
  madeAt: number | undefined;
  /** Who logs in has shown who it is, now or when its token was issued. */
  proven: boolean;
}

export const LABEL_LIMIT = 1024; // characters of a tag or a device's name: the link's attachment holds them

export const tokenIsVoid: Refused = { refused: "SESSION_TOKEN_EXPIRED" };

/**
 * Judges what a login shows: its token, or else its credentials. For whoever hears the login first, so that a name
 * that nobody can log in by wakes no object; kicks, bans and tags are the object's to decide (`login.ts`).
 *
 * @param security undefined where the app asks for nothing
 */
export async function judgeLogin(
  clientId: string,
  command: CommandOf<"session.open">,
  security: Settings["security"] | undefined,
  judges: Judges,
): Promise<LoginProof | Refused> {
  const labels = [command.tag, command.deviceId, command.deviceToken];
  if (labels.some((label) => (label?.length ?? 0) > LABEL_LIMIT)) {
    return { refused: "INVALID_LOGIN", detail: "tag or device id too long" };
  }
  const mustProve = security !== undefined && wantsProof(security);
  if (command.token !== undefined) {
    const claims = await judges.tokens.verify(command.token, clientId, judges.now());
    const otherTag = command.tag !== undefined && tagOf(command.tag) !== claims?.tag;
    if (claims === undefined || otherTag) return tokenIsVoid;
    // From before the app asked for signatures, and perhaps not of whom it says.
    if (mustProve && !claims.proven) return tokenIsVoid;
    return { claims, madeAt: claims.issuedAt, proven: mustProve || claims.proven };
  }
  if (!mustProve) return { claims: undefined, madeAt: undefined, proven: false };
  const proof = await checkCredentials(clientId, command.signature, security, judges);
  return "refused" in proof ? proof : { claims: undefined, madeAt: proof.madeAt, proven: true };
}

/** When what lets a client in was made at the latest (ms): a later kick voids it. Infinity where nothing is asked for. */
export interface Proof {
  madeAt: number;
}

/** Whether logins have to show who they are. */
export function wantsProof({ signLogin, jwt }: Settings["security"]): boolean {
  return signLogin || jwt !== null;
}

/**
 * Whether a client may log in by what it shows: a signature of the app's server, a JSON Web Token where
 * the app has rules for them, either where it asks for both, nothing where it asks for neither. Error 4102 if not.
 */
export async function checkCredentials(
  clientId: string,
  signature: Signature | undefined,
  security: Settings["security"],
  services: Judges,
): Promise<Proof | Refused> {
  const { signLogin, jwt } = security;
  if (!wantsProof(security)) return { madeAt: Number.POSITIVE_INFINITY };
  if (signature === undefined) return failed("the app wants logins signed");
  if (jwt !== null && looksLikeJsonWebToken(signature.signature)) {
    let verdict: TokenVerdict;
    try {
      verdict = await services.checkJsonWebToken(signature.signature, clientId, jwt);
    } catch (error) {
      console.error("login by JSON Web Token:", loggableError(error));
      return { refused: "INTERNAL_ERROR", detail: "the keys for JSON Web Tokens cannot be read" };
    }
    return "problem" in verdict ? failed(verdict.problem) : { madeAt: verdict.issuedAt };
  }
  if (!signLogin) return failed("the app wants a JSON Web Token as signature");
  const { appId, masterKey } = services;
  const permission = { action: "login" } as const;
  const check = { appId, masterKey, clientId, permission, signature, now: services.now() };
  if (!(await isSignatureValid(check))) return failed("the signature is wrong or too old");
  return { madeAt: lastTimeOf(signature) };
}

export function failed(detail: string): Refused {
  return { refused: "SIGNATURE_FAILED", detail };
}
