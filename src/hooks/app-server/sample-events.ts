import type { EventName } from "../../model/event-names.ts";
import type { JsonObject } from "../../model/json.ts";

/* What a hook is called with in a test: the documented fields of each, about people and conversations of no app. */

/** An event that a test can play. */
export type SampleName = Exclude<EventName, "rtmClientSign">;

const CONVERSATION = "65537a0e0000000000000001";
const CONTENT = '{"_lctype":-1,"_lctext":"A test from Parley"}';
const of = { fromPeer: "Tom", convId: CONVERSATION };
const change = { initBy: "Tom", members: ["Jerry"], convId: CONVERSATION };

/** @param now ms */
export function sampleOf(name: SampleName, now: number): JsonObject {
  const message = { ...of, content: CONTENT, bin: false, timestamp: now, system: null, sourceIP: null };
  switch (name) {
    case "messageReceived":
      return { ...message, toPeers: ["Jerry"], transient: false, receipt: false, groupId: null };
    case "messageUpdate":
      return { ...message, toPeers: ["Jerry"], msgId: "test", recall: false };
    case "messageSent": {
      const recipients = { onlinePeers: ["Jerry"], offlinePeers: [] };
      return { ...message, ...recipients, msgId: "test", transient: false, receipt: false };
    }
    case "receiversOffline": {
      const mentions = { mentionAll: false, mentionOfflinePeers: [] };
      return { ...of, content: CONTENT, timestamp: now, offlinePeers: ["Jerry"], ...mentions };
    }
    case "conversationStart":
      return { initBy: "Tom", members: ["Tom", "Jerry"], attr: { name: "A test" } };
    case "conversationStarted":
      return { convId: CONVERSATION };
    case "conversationAdd":
    case "conversationAdded":
    case "conversationRemove":
    case "conversationRemoved":
      return { ...change };
    case "conversationUpdate":
      return { initBy: "Tom", convId: CONVERSATION, attr: { name: "A test" } };
    case "clientOnline":
      return { peerId: "Tom", reconnect: 0 };
    case "clientOffline":
      return { peerId: "Tom", closeCode: 1, closeMsg: "logout" };
  }
}
