import type { JsonObject } from "../model/json.ts";
import type { ProviderName } from "../model/provider-name.ts";

/** The cause of a push: a message to offline members, or a notification requested by the app's server. */
export type PushCause = MessageCause | { type: "notification"; notificationId: string };

export interface MessageCause {
  type: "message";
  conversationId: string;
  messageId: string;
}

/** The content and options of a push. */
export interface Push {
  /** The same at every attempt: providers, devices and receivers recognize repetitions by it. At most 64 characters. */
  id: string;
  cause: PushCause;
  /** With its per-platform parts, without control keys (P-19). */
  content: JsonObject;
  /** Which of Apple's two servers (P-17, P-18). */
  environment: "dev" | "prod";
  /** The team of the Apple key and of the devices (P-16); undefined uses each device's own. */
  teamId: string | undefined;
  /** The bundle id for devices without one; undefined uses the key's first. */
  topic: string | undefined;
  /** The time of expiry (ms). */
  expiresAt: number;
}

/** A notification of the app's server. */
export type NotificationPush = Push & { cause: Extract<PushCause, { type: "notification" }> };

export interface Recipient {
  /** The id of the row in `installations`, which is read again at each attempt. */
  installation: string;
  /** The clients; the push is dropped once they have all logged out there. Empty if it is for the device as such. */
  clientIds: string[];
}

/** One provider's share of a push: at most 100 recipients. */
export interface PushDelivery {
  type: "deliver";
  push: Push;
  provider: ProviderName;
  recipients: Recipient[];
  /** Previous attempts. */
  attempts: number;
}

/** A notification whose recipients are found page by page. */
export interface Selection {
  type: "select";
  /** The notification's number in the PushObject. */
  number: number;
  /** The page starts after this installation. */
  after: string | undefined;
}

/** Work on the queue of pushes. */
export type PushWork = PushDelivery | Selection;

/** The most recipients of one delivery. */
export const RECIPIENTS_MAX = 100;
/** How long a push may wait for its device (P-15), in milliseconds. */
export const PUSH_LIFETIME = 7 * 24 * 60 * 60 * 1_000;
