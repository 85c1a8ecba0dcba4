import type { CommandOf } from "../protocol/commands.ts";
import type { KnownTimes, Session } from "./session.ts";
import type { IssuedClaims } from "./session-token.ts";
import { tagOf } from "./tags.ts";

const DEFAULT_CAPABILITIES = 171; // the capabilities of C#, which sends none when it logs in again (wire §4.1)
const CAN_SHOW_PATCHES = 1; // capability bit 0

/** The device that a client logs in on: its names, its tag and its abilities. */
export interface LoginIdentity {
  tag: string | undefined;
  /** The names of the device, the one that is kept first. */
  deviceIds: readonly [string, ...string[]];
  /** The name under which the device receives push; undefined if it receives none. */
  pushDevice: string | undefined;
  capabilities: number;
  known: KnownTimes;
}

/**
 * The identity of a login: each part from the command itself, else from the session token, else from the session that
 * is open on this socket already.
 *
 * @param claims those of the login's session token; undefined without one
 */
export function loginIdentity(
  { identity, state }: Session,
  command: CommandOf<"session.open">,
  claims: IssuedClaims | undefined,
): LoginIdentity {
  const before = state.phase === "open" ? state : undefined;
  // The name in the token comes first: the push token that Swift names its device by may change in between (C-12).
  const names = [claims?.deviceId, command.deviceId, before?.deviceId].filter((id) => id !== undefined);
  const [deviceId = identity.sessionId, ...alsoKnownAs] = names;
  // For push the newest name comes first: the device's installation has that name.
  const named = command.deviceToken ?? command.deviceId ?? claims?.deviceId ?? before?.pushDevice;
  const capabilities =
    command.capabilities ?? claims?.capabilities ?? before?.capabilities ?? DEFAULT_CAPABILITIES;
  return {
    tag: tagOf(command.tag) ?? claims?.tag ?? before?.tag,
    deviceIds: [deviceId, ...alsoKnownAs],
    // A browser without a name of its own is registered under the name in its token.
    pushDevice: command.pushes === "never" ? undefined : (named ?? deviceId),
    capabilities,
    known: knownTimes(command, capabilities),
  };
}

/**
 * The times up to which the device has the state, by its own report. JavaScript without any count yet reports only when
 * it was last connected.
 */
function knownTimes(command: CommandOf<"session.open">, capabilities: number): KnownTimes {
  const { lastUnreadTime: unread, lastPatchTime, reconnect } = command;
  const patches = (capabilities & CAN_SHOW_PATCHES) === 0 ? undefined : lastPatchTime;
  return { unread, reads: unread ?? (reconnect ? lastPatchTime : undefined), patches };
}
