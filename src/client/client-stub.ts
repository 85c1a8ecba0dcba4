import type { RelayOutcome } from "../conversation/delivery-state.ts";
import type { MissedEvent } from "../conversation/notices.ts";
import type { ErrorName } from "../protocol/errors.ts";

export interface MissedEvents {
  /** Oldest first. */
  notifications: MissedEvent[];
  /** More came after the last of these. */
  more: boolean;
  /** Whether nothing of that time is missing: else what the device has cached of conversations is worth nothing. */
  complete: boolean;
}

export interface TokenRefused {
  refused: ErrorName;
}

/**
 * What the rest of the service may ask of a ClientObject. Written out, since the platform's derived stub types
 * cannot follow a recursive type such as JSON.
 */
export interface ClientStub {
  fetch(request: Request): Promise<Response>;
  deliver(conversationId: string, frame: Uint8Array): Promise<RelayOutcome>;
  isOnline(): Promise<boolean>;
  /** Whether the client has a session on this user's socket. */
  isOnConnection(connectionId: string): Promise<boolean>;
  goAway(): Promise<number>;
  missedNotices(clientId: string, token: string, after: number): Promise<MissedEvents | TokenRefused>;
  /**
   * Whether a session token is one of this client's that still counts; undefined if so. Not for logging in: for
   * calls over HTTP that show one.
   */
  checkToken(clientId: string, token: string): Promise<TokenRefused | undefined>;
  /** The same, for who has to know what its session calls its device. */
  deviceOf(clientId: string, token: string): Promise<{ device: string } | TokenRefused>;
  /** Whether something signed for the client at a time (ms) is void: he was kicked since. */
  signatureRefusal(signedAt: number): Promise<ErrorName | undefined>;
  /** Messages unread in all conversations together (Y-22). */
  unreadCount(clientId: string): Promise<number>;
  /** Ends every session with 4115; what was signed before is void. How many sessions there were. */
  kick(clientId: string, reason: string): Promise<number>;
  /** Refuses logins with 4106 and ends every session, or takes it back. */
  ban(clientId: string, reason: string): Promise<void>;
  unban(): Promise<void>;
}
