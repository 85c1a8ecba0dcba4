import type { Signature } from "../protocol/commands.ts";
import { isSignatureValid, timeOfSignature } from "../protocol/signatures.ts";
import { reason } from "../reason.ts";
import type { Settings } from "../settings/schema.ts";
import { looksLikeJsonWebToken, type TokenVerdict } from "./json-web-token.ts";
import type { Refused } from "./login.ts";
import type { Services } from "./services.ts";

/** When what lets a client in was made (ms): a later kick voids it. Infinity where nothing is asked for. */
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
  services: Services,
): Promise<Proof | Refused> {
  const { signLogin, jwt } = security;
  if (!wantsProof(security)) return { madeAt: Number.POSITIVE_INFINITY };
  if (signature === undefined) return failed("the app wants logins signed");
  if (jwt !== null && looksLikeJsonWebToken(signature.signature)) {
    let verdict: TokenVerdict;
    try {
      verdict = await services.checkJsonWebToken(signature.signature, clientId, jwt);
    } catch (error) {
      console.error("login by JSON Web Token:", reason(error));
      return { refused: "INTERNAL_ERROR", detail: "the keys for JSON Web Tokens cannot be read" };
    }
    return "problem" in verdict ? failed(verdict.problem) : { madeAt: verdict.issuedAt };
  }
  if (!signLogin) return failed("the app wants a JSON Web Token as signature");
  const { appId, masterKey } = services;
  const permission = { action: "login" } as const;
  const check = { appId, masterKey, clientId, permission, signature, now: services.now() };
  if (!(await isSignatureValid(check))) return failed("the signature is wrong or too old");
  return { madeAt: timeOfSignature(signature) };
}

export function failed(detail: string): Refused {
  return { refused: "SIGNATURE_FAILED", detail };
}
