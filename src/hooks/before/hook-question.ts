import type { Json, JsonObject } from "../../model/json.ts";
import type { Content } from "../../model/records.ts";

/** A question to the app's server before something happens. */
export type HookQuestion =
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
      /** It is for a service conversation. */
      isForService: boolean;
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
      /** It is for a service conversation. */
      isForService: boolean;
    }
  | { name: "conversationStart"; by: string; members: string[]; attributes: JsonObject }
  | { name: "conversationAdd" | "conversationRemove"; conversationId: string; by: string; members: string[] }
  | { name: "conversationUpdate"; conversationId: string; by: string; attributes: JsonObject }
  | { name: "conversationUpdate"; conversationId: string; by: string; mute: boolean };

/** The app's part of a refusal, sent to the client as `appCode` and `appMsg`. */
export interface AppRefusal {
  appCode: number | undefined;
  appMessage: string | undefined;
}

/** The decision on a message or an edit, by the app's server or in its place. */
export type MessageVerdict =
  | ({ allowed: false } & AppRefusal)
  | {
      allowed: true;
      /** New content; undefined if it stays. */
      content: Content | undefined;
      /** The reason for the change, for the sender (M-18); a positive code. */
      reason: { code: number; detail: string } | undefined;
      /** The recipients in place of everybody; undefined if they stay. */
      to: string[] | undefined;
    };

export type ConversationVerdict =
  | ({ allowed: false } & AppRefusal)
  | {
      allowed: true;
      /** Replaces the requested attributes or mute. */
      instead: { attributes: JsonObject } | { mute: boolean } | undefined;
    };

type MessageQuestion = Extract<HookQuestion, { name: "messageReceived" | "messageUpdate" }>;

/** The app's policy before something happens. Every call has a deadline; none rejects. */
export interface Hooks {
  aboutMessage(question: MessageQuestion): Promise<MessageVerdict>;
  aboutConversation(question: Exclude<HookQuestion, MessageQuestion>): Promise<ConversationVerdict>;
}

export const ALLOWED: MessageVerdict & ConversationVerdict = {
  allowed: true,
  content: undefined,
  reason: undefined,
  to: undefined,
  instead: undefined,
};

/** A response as received, not yet checked. */
export type HookFields = { [key: string]: Json };
