import type { Hooks } from "../../src/hooks/before/hook-question.ts";
import type { ReportedEvent } from "../../src/model/app-events.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Content } from "../../src/model/records.ts";
import type { OfflineEvent } from "../../src/push/offline-push.ts";

type MessageQuestion = Parameters<Hooks["aboutMessage"]>[0];
export type ConversationQuestion = Parameters<Hooks["aboutConversation"]>[0];

const NOON = Date.UTC(2026, 10, 25, 12); // ms

/** Tom sends a message to Jerry and Spike. */
export function saying(content: Content): MessageQuestion {
  return {
    name: "messageReceived",
    isForService: false,
    conversationId: "65537a0e0000000000000001",
    from: "Tom",
    to: ["Jerry", "Spike"],
    content,
    transient: false,
    receipt: true,
    timestamp: NOON,
    address: "203.0.113.7",
  };
}

/** Tom edits his message. */
export function editing(content: Content): MessageQuestion {
  return {
    name: "messageUpdate",
    isForService: false,
    conversationId: "65537a0e0000000000000001",
    from: "Tom",
    to: ["Jerry", "Spike"],
    messageId: "message-1",
    recall: false,
    content,
    timestamp: NOON,
    address: undefined,
  };
}

/** Tom starts a conversation with Jerry. */
export function starting(attributes: JsonObject = {}): ConversationQuestion {
  return { name: "conversationStart", by: "Tom", members: ["Tom", "Jerry"], attributes };
}

/** Tom's message to Jerry and Spike, who are offline. */
export function unseen(content: Content, more: Partial<OfflineEvent> = {}): OfflineEvent {
  return {
    id: "event-1",
    at: NOON,
    name: "receiversOffline",
    messageId: "message-1",
    conversationId: "65537a0e0000000000000001",
    from: "Tom",
    content,
    timestamp: NOON,
    address: undefined,
    mentionAll: false,
    mentions: ["Jerry", "Tyke"],
    to: undefined,
    offline: ["Jerry", "Spike"],
    muted: ["Spike"],
    pushData: undefined,
    ...more,
  };
}

/** Tom came online. */
export function arriving(id: string): ReportedEvent {
  return {
    id,
    at: NOON,
    name: "clientOnline",
    clientId: "Tom",
    address: "203.0.113.7",
    tag: "Mobile",
    reconnect: false,
    userAgent: "js/5.0.0",
  };
}

/** Tom sent a message, which Jerry received. */
export function sending(id: string, content: Content = "hi"): ReportedEvent & { name: "messageSent" } {
  return {
    id,
    at: NOON,
    name: "messageSent",
    conversationId: "65537a0e0000000000000001",
    messageId: "message-1",
    from: "Tom",
    content,
    timestamp: NOON,
    address: undefined,
    transient: false,
    receipt: false,
    mentionAll: false,
    mentions: [],
    pushData: undefined,
    to: undefined,
    online: ["Jerry"],
    offline: [],
  };
}
