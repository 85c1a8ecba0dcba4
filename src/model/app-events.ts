import type { Content } from "./records.ts";

/** The consumers of an event. An event stays pending for each until that consumer has accepted it. */
export type EventTarget = "log" | "engine" | "webhook" | "push" | "service";

/**
 * An event on the queue, for all consumers, or only for the one that did not accept it before, with the number of
 * attempts made before it was queued for that one alone.
 */
export type QueuedEvent = AppEvent & { only?: EventTarget; attempted?: number };

/** An event as the app's server receives it and the event log stores it. Times are milliseconds. */
export type AppEvent = { id: string; at: number } & AppEventBody;

export type EventOf<Name extends AppEvent["name"]> = Extract<AppEvent, { name: Name }>;

export type AppEventBody =
  /** A message was stored, or a transient one was passed on; with the members that were online (H-02). */
  | ({
      name: "messageSent";
      messageId: string;
      transient: boolean;
      receipt: boolean;
      mentionAll: boolean;
      mentions: string[];
      /** As the sender gave it, JSON. */
      pushData: string | undefined;
      /** Whom a hook narrowed it down to; everybody where undefined. */
      to: string[] | undefined;
      /** It is of a service conversation. */
      isForService?: boolean;
    } & MessageEvent &
      Recipients)
  /** A stored message has offline recipients; the app's server is asked before anything is pushed to them (H-03). */
  | ({
      name: "receiversOffline";
      messageId: string;
      mentionAll: boolean;
      mentions: string[];
      offline: string[];
      /** The offline recipients that muted the conversation. */
      muted: string[];
      /** As the sender gave it, JSON. */
      pushData: string | undefined;
      /** Whom a hook narrowed it down to; everybody where undefined. */
      to: string[] | undefined;
    } & MessageEvent)
  | { name: "conversationStarted"; conversationId: string; by: string; members: string[] }
  | {
      name: "conversationAdded" | "conversationRemoved";
      conversationId: string;
      by: string;
      members: string[];
    }
  | {
      name: "clientOnline";
      clientId: string;
      address: string | undefined;
      tag: string | undefined;
      /** The SDK logged in by itself. */
      reconnect: boolean;
      /** The SDK and its version. */
      userAgent: string | undefined;
    }
  | {
      name: "clientOffline";
      clientId: string;
      why: Leaving;
      message: string;
      address: string | undefined;
      tag: string | undefined;
    }
  | Decision;

/** What refuses or changes messages: a hook of the app's server, or the word list. */
export type Decider = "hook" | "words";

/** A message, an edit or a recall was refused or changed before it counted. It is for the event log alone. */
export interface Decision {
  name: "messageRefused" | "messageChanged";
  conversationId: string;
  from: string;
  /** Undefined if the message was refused: it never had an id. */
  messageId: string | undefined;
  /** Whether it is about an edit or a recall. */
  isPatch: boolean;
  by: readonly Decider[];
  /** What the hook said, if it said something. */
  code: number | undefined;
  why: string | undefined;
}

/** An event that hooks and webhooks may hear of. */
export type ReportedEvent = Exclude<AppEvent, { name: Decision["name"] }>;

export function isReported(event: AppEvent): event is ReportedEvent {
  return event.name !== "messageRefused" && event.name !== "messageChanged";
}

/** How a session ended (`closeCode`, http-api §8.5). */
export type Leaving = "logout" | "lost" | "silent" | "displaced" | "kicked";

interface MessageEvent {
  conversationId: string;
  from: string;
  content: Content;
  timestamp: number;
  /** Of the sender's device; undefined for messages over HTTP. */
  address: string | undefined;
}

interface Recipients {
  online: string[];
  offline: string[];
}
