import type { Content } from "./records.ts";

/** Who takes an event from the queue; each is owed it until it took it. */
export type EventTarget = "log" | "engine" | "webhook" | "push";

/** An event on the queue, for everybody or for the one target that did not take it before. */
export type QueuedEvent = AppEvent & { only?: EventTarget };

/** Something that happened, as the app's server is told of it and the event log keeps it. Times are milliseconds. */
export type AppEvent = { id: string; at: number } & AppEventBody;

export type EventOf<Name extends AppEvent["name"]> = Extract<AppEvent, { name: Name }>;

export type AppEventBody =
  /** A message was stored, or a transient one passed on; who was online for it (H-02). */
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
    } & MessageEvent &
      Recipients)
  /** Stored, with recipients who are offline: asked before anything is pushed to them (H-03). */
  | ({
      name: "receiversOffline";
      messageId: string;
      mentionAll: boolean;
      mentions: string[];
      offline: string[];
      /** Those of them who muted the conversation. */
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
    };

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
