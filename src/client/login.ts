import type { CommandOf } from "../protocol/commands.ts";
import type { Refused } from "../protocol/outcome.ts";
import { hasListeners } from "../settings/schema.ts";
import type { AccessRecords } from "./access-records.ts";
import type { ClientServices } from "./client-ports.ts";
import {
  checkCredentials,
  checkLogin,
  type LoginProof,
  signatureFailed,
  tokenExpired,
} from "./credentials.ts";
import { type LoginIdentity, loginIdentity } from "./login-identity.ts";
import type { Session, SessionState } from "./session.ts";
import { TOKEN_LIFETIME } from "./session-token.ts";
import { decideTag, type TagDecision, type TagRequest } from "./tag-decision.ts";
import type { Tags } from "./tags.ts";

const KICKED_SINCE = "the client was kicked since it was signed";

const TAG_CONFLICT: Refused = {
  refused: "SESSION_CONFLICT",
  detail: "the client is logged in on another device with the same tag",
};

/** Characters of what a device names as its SDK: the attachment of the link holds them. */
const AGENT_KEPT = 128;

export type OpenState = Extract<SessionState, { phase: "open" }>;

/** A login that is accepted, with everything decided. It is valid for this turn only. */
export interface AdmittedLogin {
  state: OpenState;
  token: string;
  tagDecision: TagDecision<TaggedSession> & { admitted: true };
}

interface TaggedSession {
  session: Session;
  tag: string | undefined;
  deviceId: string;
}

/**
 * Decides a login (wire §4.1): its credentials, which the gateway has checked, then access state and tag. The caller
 * acts on the result without another await, so that of two logins at once the second sees the first, and none survives
 * a kick.
 *
 * @param others the client's other open sessions, as they are at each moment
 */
export async function decideLogin(
  session: Session,
  command: CommandOf<"session.open">,
  others: () => Session[],
  records: AccessRecords,
  services: ClientServices,
): Promise<AdmittedLogin | Refused> {
  const { clientId } = session.identity;
  // The app's own rules. Most apps have none.
  const settings = command.needsCheck ? await services.settings() : undefined;
  const checked = session.state.phase === "connecting" ? session.state.proof : undefined;
  // A second login on the same socket arrives here unchecked: the object is awake anyway.
  const proof = checked ?? (await checkLogin(clientId, command, settings?.security, services));
  if ("refused" in proof) return proof;
  const { claims, proven } = proof;
  const identity = loginIdentity(session, command, claims);
  const { tag, capabilities, deviceIds } = identity;
  const [deviceId] = deviceIds;
  const request = { tag, deviceIds, explicit: !command.reconnect, generation: claims?.generation };
  for (;;) {
    const refused = accessRefusal(proof, records);
    if (refused !== undefined) return refused;
    const decision = decideTagAmong(others(), request, records.tags);
    if (!decision.admitted) return TAG_CONFLICT;
    const generation = decision.holder?.generation ?? 0;
    const issuedAt = issueTime(deviceId, records, services.now());
    const newClaims = { clientId, tag, deviceId, capabilities, generation, proven };
    const token = await services.tokens.issue(newClaims, issuedAt);
    // Signing is asynchronous: the decision may be stale.
    if (isRevoked(deviceId, issuedAt, records)) continue;
    const still = decideTagAmong(others(), request, records.tags);
    if (!still.admitted) return TAG_CONFLICT;
    if ((still.holder?.generation ?? 0) !== generation) continue;
    const announced = settings !== undefined && hasListeners(settings);
    return {
      state: openState(session, identity, {
        proven,
        announced,
        openedAt: services.now(),
        userAgent: command.userAgent?.slice(0, AGENT_KEPT),
      }),
      token,
      tagDecision: still,
    };
  }
}

/** Why a login is refused: a ban, a kick since its credentials, or a logout of its device (X-22, X-03, C-09). */
function accessRefusal(
  { claims, madeAt = Number.POSITIVE_INFINITY }: LoginProof,
  { accessState, logouts }: AccessRecords,
): Refused | undefined {
  // First: a ban revokes tokens too, and SDKs log in again if their token is refused.
  if (accessState.ban !== undefined) return { refused: "BLACKLISTED", detail: accessState.ban.reason };
  // If a token is refused, SDKs log in again with a signature.
  if (accessState.isRevoked(madeAt))
    return claims === undefined ? signatureFailed(KICKED_SINCE) : tokenExpired;
  if (claims !== undefined && logouts.isRevoked(claims.deviceId, claims.issuedAt)) return tokenExpired;
  return undefined;
}

/** Whether a token of a device, issued at this time (ms), is revoked by a ban, a kick or a logout. */
function isRevoked(deviceId: string, issuedAt: number, { accessState, logouts }: AccessRecords): boolean {
  if (accessState.ban !== undefined || accessState.isRevoked(issuedAt)) return true;
  return logouts.isRevoked(deviceId, issuedAt);
}

/** The time (ms) to issue a token of a device at: later than everything that revokes its earlier ones. */
function issueTime(deviceId: string, { accessState, logouts }: AccessRecords, now: number): number {
  return logouts.issueTime(deviceId, accessState.issueTime(now));
}

function decideTagAmong(others: Session[], request: TagRequest, tags: Tags): TagDecision<TaggedSession> {
  const open: TaggedSession[] = [];
  for (const session of others) {
    if (session.state.phase === "open") open.push({ session, ...session.state });
  }
  return decideTag(request, open, request.tag === undefined ? undefined : tags.holder(request.tag));
}

/** The state of a session after its login. After another login on the same socket, the session keeps its subscriptions. */
function openState(
  { state }: Session,
  { tag, deviceIds, capabilities, known, pushDevice }: LoginIdentity,
  {
    proven,
    announced,
    openedAt,
    userAgent,
  }: Pick<OpenState, "proven" | "announced" | "openedAt" | "userAgent">,
): OpenState {
  const [deviceId] = deviceIds;
  const fresh = { announced, openedAt, subscriptions: [], behind: [] };
  const kept = state.phase === "open" ? state : fresh;
  return { ...kept, phase: "open", tag, deviceId, capabilities, proven, known, pushDevice, userAgent };
}

/**
 * A new token for an open session, or why there is none. Credentials in the request are checked as at login, although
 * none are required (wire §4.2).
 */
export async function renewedToken(
  session: Session,
  { needsCheck, signature }: CommandOf<"session.refresh">,
  records: AccessRecords,
  services: ClientServices,
): Promise<{ token: string; tokenTtl: number } | Refused | undefined> {
  if (needsCheck && signature !== undefined) {
    const { security } = await services.settings();
    const proof = await checkCredentials(session.identity.clientId, signature, security, services);
    if ("refused" in proof) return proof;
    if (records.accessState.isRevoked(proof.madeAt)) return signatureFailed(KICKED_SINCE);
  }
  const { state, identity } = session;
  if (state.phase !== "open") return undefined;
  const { tag, deviceId, capabilities, proven } = state;
  const generation = tag === undefined ? 0 : (records.tags.holder(tag)?.generation ?? 0);
  const claims = { clientId: identity.clientId, tag, deviceId, capabilities, generation, proven };
  const token = await services.tokens.issue(claims, issueTime(deviceId, records, services.now()));
  return { token, tokenTtl: TOKEN_LIFETIME };
}
