import type { Content } from "../protocol/commands.ts";
import type { Json, JsonObject } from "../protocol/json.ts";

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

/** What the app's server is asked before something happens. */
export type Question =
  | {
      name: "messageReceived";
      conversationId: string;
      from: string;
      to: string[];
      content: Content;
      transient: boolean;
      receipt: boolean;
      timestamp: number;
      address: string | undefined;
    }
  | {
      name: "messageUpdate";
      conversationId: string;
      from: string;
      to: string[];
      messageId: string;
      recall: boolean;
      content: Content;
      timestamp: number;
      address: string | undefined;
    }
  | { name: "conversationStart"; by: string; members: string[]; attributes: JsonObject }
  | { name: "conversationAdd" | "conversationRemove"; conversationId: string; by: string; members: string[] }
  | { name: "conversationUpdate"; conversationId: string; by: string; attributes: JsonObject }
  | { name: "conversationUpdate"; conversationId: string; by: string; mute: boolean };

/** What a refusal carries back to the client, as `appCode` and `appMsg`. */
export interface AppRefusal {
  appCode: number | undefined;
  appMessage: string | undefined;
}

/** What the app's server, or the lack of an answer, makes of a message or an edit. */
export type MessageVerdict =
  | ({ allowed: false } & AppRefusal)
  | {
      allowed: true;
      /** New content; undefined where it stays. */
      content: Content | undefined;
      /** Why it changed, for the sender (M-18); a positive code. */
      reason: { code: number; detail: string } | undefined;
      /** Whom it goes to instead of everybody; undefined where it stays. */
      to: string[] | undefined;
    };

export type ConversationVerdict =
  | ({ allowed: false } & AppRefusal)
  | {
      allowed: true;
      /** In place of the attributes, or of the mute, that were asked for. */
      instead: { attributes: JsonObject } | { mute: boolean } | undefined;
    };

type MessageQuestion = Extract<Question, { name: "messageReceived" | "messageUpdate" }>;

/** The app's policy before something happens. Every call has a deadline; none rejects. */
export interface Hooks {
  aboutMessage(question: MessageQuestion): Promise<MessageVerdict>;
  aboutConversation(question: Exclude<Question, MessageQuestion>): Promise<ConversationVerdict>;
}

export const ALLOWED: MessageVerdict & ConversationVerdict = {
  ...{ allowed: true, content: undefined, reason: undefined, to: undefined, instead: undefined },
};

/** An answer as it came, unread. */
export type HookResult = { [key: string]: Json };
