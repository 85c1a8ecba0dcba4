import type { Json, JsonObject } from "../model/json.ts";
import type { Content } from "../model/records.ts";
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
