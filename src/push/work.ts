import type { JsonObject } from "../model/json.ts";
import type { ProviderName } from "../model/provider-name.ts";
/** What a push is for: a message to who is offline, or a notification that the app's server asked for. */
export type PushCause = MessageCause | { type: "notification"; notificationId: string };

export interface MessageCause {
  type: "message";
  conversationId: string;
  messageId: string;
}

/** Something to be pushed, to whomever. */
export interface Push {
  /** The same at every attempt: providers, devices and receivers tell repetitions by it. At most 64 characters. */
  id: string;
  cause: PushCause;
  /** With its per-platform parts, without control keys (P-19). */
  content: JsonObject;
  /** Which of Apple's two servers (P-17, P-18). */
  environment: "dev" | "prod";
  /** Whose Apple key is used, and only for devices of that team (P-16); undefined takes each device's own. */
  teamId: string | undefined;
  /** The bundle id, where devices name none; undefined takes the key's first. */
  topic: string | undefined;
  /** Worth nothing after this time (ms). */
  expiresAt: number;
}

/** What the app's server asked for. */
export type NotificationPush = Push & { cause: Extract<PushCause, { type: "notification" }> };

export interface Recipient {
  /** Of the row in `installations`, read anew at each attempt. */
  installation: string;
  /** Whom it is for: not pushed once they have all logged out there. Nobody where it is for the device as such. */
  clientIds: string[];
}

/** One provider's share of a push: at most 100 recipients. */
export interface PushDelivery {
  type: "deliver";
  push: Push;
  provider: ProviderName;
  recipients: Recipient[];
  /** How often it was tried before. */
  attempts: number;
}

/** A notification whose recipients are still to be found, page by page. */
export interface Selection {
  type: "select";
  /** Under which the PushObject keeps the notification until then. */
  number: number;
  /** Goes on after this installation. */
  after: string | undefined;
}

/** What travels on the queue of pushes. */
export type PushWork = PushDelivery | Selection;

/** Most recipients of one delivery. */
export const RECIPIENTS_MAX = 100;
/** How long a push may wait for its device (P-15), in milliseconds. */
export const EXPIRY = 7 * 24 * 60 * 60 * 1_000;
