import { errors, jwtVerify, SignJWT } from "jose";
import * as v from "valibot";

const MINUTE = 60_000; // ms
/** How long a session lasts that is not used (ms). */
export const SESSION_IDLE = 60 * MINUTE;
/** How long a session lasts at most (ms). */
const SESSION_LONGEST = 12 * 60 * MINUTE;
/** The age at which the token of a session in use is renewed (ms). */
const RENEWED_AFTER = 5 * MINUTE;

/** Who is signed in to the console, and until when (ms). */
export interface ConsoleSession {
  /** As the person wrote it; empty if they wrote none. */
  name: string;
  began: number;
  renewed: number;
  expires: number;
}

/** What ends every session when it changes. */
export interface SessionSecret {
  masterKey: string;
  appId: string;
  /** The setting `console.signOutBefore`; an ISO time or null. */
  signOutBefore: string | null;
}

/** A session that begins now (ms). */
export function beginSession(name: string, now: number): ConsoleSession {
  return { name, began: now, renewed: now, expires: now + SESSION_IDLE };
}

/** The session with more time if it has been used for some minutes; undefined if its token is still good. */
export function renewedSession(session: ConsoleSession, now: number): ConsoleSession | undefined {
  if (now - session.renewed < RENEWED_AFTER) return undefined;
  const expires = Math.min(now + SESSION_IDLE, session.began + SESSION_LONGEST);
  return { ...session, renewed: now, expires };
}

const claims = v.object({ name: v.string(), began: v.number(), renewed: v.number(), expires: v.number() });

const AUDIENCE = "parley console";
const encoder = new TextEncoder();

/** The token of a session, for a cookie. */
export async function tokenOf(session: ConsoleSession, secret: SessionSecret): Promise<string> {
  return new SignJWT({ ...session })
    .setProtectedHeader({ alg: "HS256" })
    .setAudience(AUDIENCE)
    .setExpirationTime(Math.ceil(session.expires / 1_000))
    .sign(await keyOf(secret));
}

/** The session of a token; undefined if it is over, or not one of this server. */
export async function sessionIn(
  token: string,
  secret: SessionSecret,
  now: number,
): Promise<ConsoleSession | undefined> {
  try {
    const { payload } = await jwtVerify(token, await keyOf(secret), {
      algorithms: ["HS256"],
      audience: AUDIENCE,
      currentDate: new Date(now),
    });
    const session = v.parse(claims, payload);
    const signedOut = secret.signOutBefore === null ? 0 : Date.parse(secret.signOutBefore);
    return now < session.expires && session.began >= signedOut ? session : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof v.ValiError) return undefined;
    throw error;
  }
}

/** A key that only those can make who know the master key; any change of the secret makes another one. */
async function keyOf({ masterKey, appId, signOutBefore }: SessionSecret): Promise<CryptoKey> {
  const master = await crypto.subtle.importKey("raw", encoder.encode(masterKey), "HKDF", false, [
    "deriveKey",
  ]);
  const info = encoder.encode(JSON.stringify([AUDIENCE, appId, signOutBefore]));
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    master,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
}
