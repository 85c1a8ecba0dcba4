import type { Leaving, ReportedEvent } from "../../model/app-events.ts";
import type { EventName } from "../../model/event-names.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Content } from "../../model/records.ts";
import { toBase64 } from "../../protocol/base64.ts";
import { errors } from "../../protocol/errors.ts";
import type { HookQuestion } from "../before/hook-question.ts";

/** A call to the app's server: a question or an event, with the documented fields of its hook. */
export interface HookCall {
  /** The same at every attempt. */
  id: string;
  /** When it happened (ms). */
  at: number;
  name: EventName;
  parameters: JsonObject;
  /** The address of the client's device, if known. */
  address: string | undefined;
}

/** The call that asks a question. Each question is asked once, so the id is always new. */
export function questionCall(question: HookQuestion, id: string, now: number): HookCall {
  const address = "address" in question ? question.address : undefined;
  return { id, at: now, name: question.name, parameters: parametersOf(question), address };
}

/** The call that reports an event: the same at every attempt. */
export function eventCall(event: ReportedEvent): HookCall {
  const address = "address" in event ? event.address : undefined;
  return { id: event.id, at: event.at, name: event.name, parameters: parametersOf(event), address };
}

/** `closeCode` of http-api §8.5. */
const closeCodes: Record<Leaving, number> = { logout: 1, lost: 2, silent: 2, displaced: 3, kicked: 4 };

/**
 * The documented fields of each hook (http-api §8.3 to §8.5), all of them and no others: handlers in Python take them
 * as named arguments, so an extra one breaks them as well as a missing one.
 */
export function parametersOf(event: HookQuestion | ReportedEvent): JsonObject {
  switch (event.name) {
    case "messageReceived":
      return {
        ...sender(event),
        toPeers: event.to,
        ...contentFields(event.content),
        transient: event.transient,
        receipt: event.receipt,
        system: event.isForService ? true : null,
        groupId: null,
        timestamp: event.timestamp,
        sourceIP: event.address ?? null,
      };
    case "messageUpdate":
      return {
        ...sender(event),
        toPeers: event.to,
        ...contentFields(event.content),
        timestamp: event.timestamp,
        msgId: event.messageId,
        recall: event.recall,
        system: event.isForService ? true : null,
        sourceIP: event.address ?? null,
      };
    case "receiversOffline": {
      const mentioned = new Set(event.mentions);
      return {
        ...sender(event),
        offlinePeers: event.offline,
        // Binary content is Base64 here too; no documented field marks it.
        content: contentFields(event.content).content,
        timestamp: event.timestamp,
        mentionAll: event.mentionAll,
        mentionOfflinePeers: event.mentionAll ? [] : event.offline.filter((id) => mentioned.has(id)),
      };
    }
    case "messageSent":
      return {
        ...sender(event),
        msgId: event.messageId,
        onlinePeers: event.online,
        offlinePeers: event.offline,
        transient: event.transient,
        system: event.isForService ? true : null,
        ...contentFields(event.content),
        receipt: event.receipt,
        timestamp: event.timestamp,
        sourceIP: event.address ?? null,
      };
    case "conversationStart":
      return { initBy: event.by, members: event.members, attr: event.attributes };
    case "conversationStarted":
      return { convId: event.conversationId };
    case "conversationAdd":
    case "conversationAdded":
    case "conversationRemove":
    case "conversationRemoved":
      return { initBy: event.by, members: event.members, convId: event.conversationId };
    case "conversationUpdate": {
      const place = { initBy: event.by, convId: event.conversationId };
      return "mute" in event ? { ...place, mute: event.mute } : { ...place, attr: event.attributes };
    }
    case "clientOnline":
      return {
        peerId: event.clientId,
        ...known({ sourceIP: event.address, tag: event.tag }),
        reconnect: event.reconnect ? 1 : 0,
      };
    case "clientOffline":
      return {
        peerId: event.clientId,
        closeCode: closeCodes[event.why],
        closeMsg: event.message,
        ...(event.why === "silent" ? { errorCode: errors.READ_TIMEOUT.code, errorMsg: "READ_TIMEOUT" } : {}),
        ...known({ sourceIP: event.address, tag: event.tag }),
      };
  }
}

function sender({ from, conversationId }: { from: string; conversationId: string }) {
  return { fromPeer: from, convId: conversationId };
}

function contentFields(content: Content) {
  const bin = typeof content !== "string";
  return { content: bin ? toBase64(content) : content, bin };
}

/** Client hooks leave out unknown fields. */
function known(fields: Record<string, string | undefined>): JsonObject {
  const present: JsonObject = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) present[name] = value;
  return present;
}
