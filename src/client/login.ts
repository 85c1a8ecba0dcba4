import type { CommandOf } from "../protocol/commands.ts";
import type { Refused } from "../protocol/outcome.ts";
import { hasListeners } from "../settings/schema.ts";
import { checkCredentials, failed, judgeLogin, tokenIsVoid } from "./credentials.ts";
import type { Services } from "./ports.ts";
import type { Known, Session, SessionState } from "./session.ts";
import { TOKEN_LIFETIME } from "./session-token.ts";
import { decideTag, type Login, type TagDecision } from "./tag-decision.ts";
import { type Tags, tagOf } from "./tags.ts";
import type { Records } from "./token-check.ts";

const DEFAULT_CAPABILITIES = 171; // the capabilities of C#, which sends none when it logs in again (wire §4.1)
const KICKED_SINCE = "the client was kicked since it was signed";
const CAN_SHOW_PATCHES = 1; // capability bit 0

export type OpenState = Extract<SessionState, { phase: "open" }>;

/** A login that is accepted, with everything decided. It is valid for this turn only. */
export interface Admitted {
  state: OpenState;
  token: string;
  sign: TagDecision<OpenSession> & { admitted: true };
}

interface OpenSession {
  session: Session;
  tag: string | undefined;
  deviceId: string;
}

/**
 * Decides a login (wire §4.1): its credentials, which the gateway has checked, then ban and tag. The caller acts on the
 * result without another await, so that of two logins at once the second sees the first, and none survives a kick.
 *
 * @param others the client's other open sessions, as they are at each moment
 */
export async function decideLogin(
  session: Session,
  command: CommandOf<"session.open">,
  others: () => Session[],
  { tags, accessState, logouts }: Records,
  services: Services,
): Promise<Admitted | Refused> {
  const { clientId, sessionId } = session.identity;
  const { tokens, now } = services;
  // The app's own rules. Most apps have none.
  const settings = command.needsCheck ? await services.settings() : undefined;
  const judged = session.state.phase === "connecting" ? session.state.proof : undefined;
  // A second login on the same socket arrives here unchecked: the object is awake anyway.
  const proof = judged ?? (await judgeLogin(clientId, command, settings?.security, services));
  if ("refused" in proof) return proof;
  const { claims, proven } = proof;
  const madeAt = proof.madeAt ?? Number.POSITIVE_INFINITY;
  const before = session.state.phase === "open" ? session.state : undefined;
  const tag = tagOf(command.tag) ?? claims?.tag ?? before?.tag;
  // The name in the token comes first: the push token that Swift names its device by may change in between (C-12).
  const names = [claims?.deviceId, command.deviceId, before?.deviceId].filter((id) => id !== undefined);
  const [deviceId = sessionId, ...alsoKnownAs] = names;
  const capabilities =
    command.capabilities ?? claims?.capabilities ?? before?.capabilities ?? DEFAULT_CAPABILITIES;
  const login: Login = {
    tag,
    deviceIds: [deviceId, ...alsoKnownAs],
    explicit: !command.reconnect,
    generation: claims?.generation,
  };
  const known = knownTo(command, capabilities);
  // Here the newest name counts, under which its installation is known.
  const named = command.deviceToken ?? command.deviceId ?? claims?.deviceId ?? before?.pushDevice;
  // If it has no name, a browser is registered under the name in its token.
  const pushDevice = command.pushes === "never" ? undefined : (named ?? deviceId);
  const announced = settings !== undefined && hasListeners(settings);
  for (;;) {
    // First: a ban revokes tokens too, and SDKs log in again if their token is refused.
    if (accessState.ban !== undefined) return { refused: "BLACKLISTED", detail: accessState.ban.reason };
    // If a token is refused, SDKs log in again with a signature.
    if (accessState.isRevoked(madeAt)) return claims === undefined ? failed(KICKED_SINCE) : tokenIsVoid;
    if (claims !== undefined && logouts.isRevoked(claims.deviceId, claims.issuedAt)) return tokenIsVoid;
    const sign = decide(login, others, tags);
    if (!sign.admitted) return conflict;
    const generation = sign.holder?.generation ?? 0;
    const issuedAt = logouts.issueTime(deviceId, accessState.issueTime(now()));
    const token = await tokens.issue({ clientId, tag, deviceId, capabilities, generation, proven }, issuedAt);
    // Signing is asynchronous: the decision may be stale.
    if (accessState.isRevoked(issuedAt) || accessState.ban !== undefined) continue;
    if (logouts.isRevoked(deviceId, issuedAt)) continue;
    const still = decide(login, others, tags);
    if (!still.admitted) return conflict;
    if ((still.holder?.generation ?? 0) !== generation) continue;
    const fresh = { announced, links: [], subscribing: [], behind: [] };
    const kept = session.state.phase === "open" ? session.state : fresh;
    const state: OpenState = {
      ...kept,
      phase: "open",
      tag,
      deviceId,
      capabilities,
      proven,
      known,
      pushDevice,
    };
    return { state, token, sign: still };
  }
}

const conflict: Refused = {
  refused: "SESSION_CONFLICT",
  detail: "the client is logged in on another device with the same tag",
};

/**
 * A new token for an open session, or why there is none. Credentials in the request are checked as at login, although
 * none are required (wire §4.2).
 */
export async function renewedToken(
  session: Session,
  { needsCheck, signature }: CommandOf<"session.refresh">,
  { tags, accessState, logouts }: Records,
  services: Services,
): Promise<{ token: string; tokenTtl: number } | Refused | undefined> {
  if (needsCheck && signature !== undefined) {
    const { security } = await services.settings();
    const proof = await checkCredentials(session.identity.clientId, signature, security, services);
    if ("refused" in proof) return proof;
    if (accessState.isRevoked(proof.madeAt)) return failed(KICKED_SINCE);
  }
  const { state, identity } = session;
  if (state.phase !== "open") return undefined;
  const { tag, deviceId, capabilities, proven } = state;
  const generation = tag === undefined ? 0 : (tags.holder(tag)?.generation ?? 0);
  const claims = { clientId: identity.clientId, tag, deviceId, capabilities, generation, proven };
  const issuedAt = logouts.issueTime(deviceId, accessState.issueTime(services.now()));
  const token = await services.tokens.issue(claims, issuedAt);
  return { token, tokenTtl: TOKEN_LIFETIME };
}

function decide(login: Login, others: () => Session[], tags: Tags): TagDecision<OpenSession> {
  const open: OpenSession[] = [];
  for (const session of others()) {
    if (session.state.phase === "open") open.push({ session, ...session.state });
  }
  return decideTag(login, open, login.tag === undefined ? undefined : tags.holder(login.tag));
}

/**
 * The times up to which the device has the state, by its own report. JavaScript without any count yet reports only when
 * it was last connected.
 */
function knownTo(command: CommandOf<"session.open">, capabilities: number): Known {
  const { lastUnreadTime: unread, lastPatchTime, reconnect } = command;
  const patches = (capabilities & CAN_SHOW_PATCHES) === 0 ? undefined : lastPatchTime;
  return { unread, reads: unread ?? (reconnect ? lastPatchTime : undefined), patches };
}
