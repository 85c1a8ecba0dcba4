import type { Wake, WakeAnswer } from "../conversation/delivery/wake.ts";
import type { MissedEvent } from "../conversation/notices.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type { Refused } from "../protocol/outcome.ts";
import type { InspectedClient } from "./client-inspection.ts";
import type { RefusedPage } from "./refused-conversations.ts";
import type { ServicesPage, SubscribedService } from "./subscribed-services.ts";

/** A page of the events other than messages that a client missed. */
export interface MissedEvents {
  /** Oldest first. */
  notifications: MissedEvent[];
  /** Whether more events came after the last of these. */
  more: boolean;
  /** Whether the events are complete. If not, the device has to drop its cache of conversations. */
  complete: boolean;
}

/** Why a session token is not accepted. */
export interface TokenRefused {
  refused: ErrorName;
}

/**
 * The calls that the rest of the service may make to a ClientObject. They are written out, since the platform's derived
 * stub types cannot follow a recursive type such as JSON.
 */
export interface ClientStub {
  fetch(request: Request): Promise<Response>;
  /** Wakes the sessions that have no subscription to a conversation. */
  wake(conversationId: string, wake: Wake): Promise<WakeAnswer>;
  /** The client subscribes to a service conversation. @param exceptSession the session that has a subscription to it */
  subscribe(service: SubscribedService, exceptSession: string | undefined): Promise<void>;
  /** Sends a record to the sessions that logged in after a time (ms), or to all. */
  announce(record: Uint8Array, openedAfter: number | undefined): Promise<void>;
  unsubscribe(service: SubscribedService): Promise<void>;
  subscribedServices(page: ServicesPage): Promise<SubscribedService[]>;
  isOnline(): Promise<boolean>;
  /** Whether the client has a session on this user's socket. */
  isOnConnection(connectionId: string): Promise<boolean>;
  goAway(): Promise<number>;
  missedNotices(clientId: string, token: string, after: number): Promise<MissedEvents | TokenRefused>;
  /**
   * Why a session token of this client is not accepted; undefined if it is. For calls over HTTP that carry one, not for
   * logging in.
   */
  checkToken(clientId: string, token: string): Promise<TokenRefused | undefined>;
  /** The same, with the name that the token's session gives its device. */
  deviceOf(clientId: string, token: string): Promise<{ device: string } | TokenRefused>;
  /** Why a signature of this time (ms) is not accepted, such as a later kick; undefined if it is. */
  signatureRefusal(signedAt: number): Promise<ErrorName | undefined>;
  /** The number of unread messages in one conversation, or in all together (Y-22). */
  unreadCount(clientId: string, conversationId?: string): Promise<number>;
  /** What the object knows of the client. Nothing is changed by it. */
  inspect(): Promise<InspectedClient>;
  /** Ends every session with 4115 and revokes earlier tokens and signatures. Returns the number of sessions. */
  kick(clientId: string, reason: string): Promise<number>;
  /** Refuses logins with 4106 and ends every session, until `unban`. */
  ban(clientId: string, reason: string): Promise<void>;
  unban(): Promise<void>;
  /** The client leaves a conversation and is not added to it by others any more. */
  refuse(clientId: string, conversationId: string): Promise<undefined | Refused>;
  accept(clientId: string, conversationId: string): Promise<void>;
  refusedConversations(page: { offset: number; limit: number }): Promise<RefusedPage>;
}
