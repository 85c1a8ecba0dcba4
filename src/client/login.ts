import type { CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type { Services } from "./services.ts";
import type { Known, Session, SessionState } from "./session.ts";
import { type SessionClaims, TOKEN_LIFETIME } from "./session-token.ts";
import { type Login, type SignOn, signOn } from "./sign-on.ts";
import { type Tags, tagOf } from "./tags.ts";

const DEFAULT_CAPABILITIES = 171; // what C#, which sends none when it re-opens, can do (wire §4.1)
const LABEL_LIMIT = 1024; // characters of a tag or device id: the link's attachment holds them
const CAN_SHOW_PATCHES = 1; // capability bit 0

export type OpenState = Extract<SessionState, { phase: "open" }>;

export interface Refused {
  refused: ErrorName;
  detail?: string;
}

/** A login that may go on, with everything decided; it holds for this turn only. */
export interface Admitted {
  state: OpenState;
  token: string;
  sign: SignOn<OpenSession> & { admitted: true };
}

interface OpenSession {
  session: Session;
  tag: string | undefined;
  deviceId: string;
}

/**
 * Decides a login (wire §4.1): token, then tag. Whoever calls it acts on the answer without another await, so
 * that of two logins at once the second sees the first.
 *
 * @param others the client's other open sessions, as they are at each moment
 */
export async function decideLogin(
  session: Session,
  command: CommandOf<"session.open">,
  others: () => Session[],
  tags: Tags,
  services: Services,
): Promise<Admitted | Refused> {
  if ((command.tag?.length ?? 0) > LABEL_LIMIT || (command.deviceId?.length ?? 0) > LABEL_LIMIT) {
    return { refused: "INVALID_LOGIN", detail: "tag or device id too long" };
  }
  const { clientId, sessionId } = session.identity;
  const { tokens, now } = services;
  let claims: SessionClaims | undefined;
  if (command.token !== undefined) {
    claims = await tokens.verify(command.token, clientId, now());
    const otherTag = command.tag !== undefined && tagOf(command.tag) !== claims?.tag;
    if (claims === undefined || otherTag) return { refused: "SESSION_TOKEN_EXPIRED" };
  }
  const before = session.state.phase === "open" ? session.state : undefined;
  const tag = tagOf(command.tag) ?? claims?.tag ?? before?.tag;
  // The token's word first: the push token that Swift names its device by may change in between (C-12).
  const named = [claims?.deviceId, command.deviceId, before?.deviceId].filter((id) => id !== undefined);
  const [deviceId = sessionId, ...alsoKnownAs] = named;
  const capabilities =
    command.capabilities ?? claims?.capabilities ?? before?.capabilities ?? DEFAULT_CAPABILITIES;
  const login: Login = {
    tag,
    deviceIds: [deviceId, ...alsoKnownAs],
    explicit: !command.reconnect,
    generation: claims?.generation,
  };
  const known = knownTo(command, capabilities);
  for (;;) {
    const sign = decide(login, others, tags);
    if (!sign.admitted) return conflict;
    const generation = sign.holder?.generation ?? 0;
    const token = await tokens.issue({ clientId, tag, deviceId, capabilities, generation }, now());
    // Signing took a while: what was decided may be stale.
    const still = decide(login, others, tags);
    if (!still.admitted) return conflict;
    if ((still.holder?.generation ?? 0) !== generation) continue;
    const { links, linking, behind } =
      session.state.phase === "open" ? session.state : { links: [], linking: [], behind: [] };
    const state: OpenState = { phase: "open", tag, deviceId, capabilities, known, links, linking, behind };
    return { state, token, sign: still };
  }
}

const conflict: Refused = {
  refused: "SESSION_CONFLICT",
  detail: "the client is logged in on another device with the same tag",
};

/** A new token for a session that is open. */
export async function renewedToken(session: Session, tags: Tags, services: Services) {
  const { state, identity } = session;
  if (state.phase !== "open") return undefined;
  const { tag, deviceId, capabilities } = state;
  const generation = tag === undefined ? 0 : (tags.holder(tag)?.generation ?? 0);
  const claims = { clientId: identity.clientId, tag, deviceId, capabilities, generation };
  return { token: await services.tokens.issue(claims, services.now()), tokenTtl: TOKEN_LIFETIME };
}

function decide(login: Login, others: () => Session[], tags: Tags): SignOn<OpenSession> {
  const open: OpenSession[] = [];
  for (const session of others()) {
    if (session.state.phase === "open") open.push({ session, ...session.state });
  }
  return signOn(login, open, login.tag === undefined ? undefined : tags.holder(login.tag));
}

/** What a device says it knows. JavaScript that never had a count tells only when it was last connected. */
function knownTo(command: CommandOf<"session.open">, capabilities: number): Known {
  const { lastUnreadTime: unread, lastPatchTime, reconnect } = command;
  const patches = (capabilities & CAN_SHOW_PATCHES) === 0 ? undefined : lastPatchTime;
  return { unread, reads: unread ?? (reconnect ? lastPatchTime : undefined), patches };
}
