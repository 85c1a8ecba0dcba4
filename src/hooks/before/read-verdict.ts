import { Buffer } from "node:buffer";
import { isObject, type Json } from "../../model/json.ts";
import type { Content } from "../../model/records.ts";
import { fromBase64 } from "../../protocol/base64.ts";
import { parseAsWritten } from "../../protocol/json-text.ts";
import { numberOf } from "../../protocol/written-number.ts";
import type { OfflineAnswer, OfflineEvent } from "../../push/offline-push.ts";
import {
  ALLOWED,
  type AppRefusal,
  type ConversationVerdict,
  type HookFields,
  type HookQuestion,
  type MessageVerdict,
} from "./hook-question.ts";

/*
 * Results of hooks as developers write them (http-api §8.3 to §8.5, §15.9): `{}`, nothing, an echo of the whole
 * question, one level too deep. Values that are not understood change nothing.
 */

type MessageQuestion = Extract<HookQuestion, { name: "messageReceived" | "messageUpdate" }>;
type ConversationQuestion = Exclude<HookQuestion, MessageQuestion>;
/** Whether a session of the app's own account system may log in, and its client id (H-10). */
export type SignAnswer = { allowed: true; clientId: string } | { allowed: false; error: string };

/** @param contentMax bytes; a hook's content may be no longer than a client's own */
export function messageVerdict(
  result: Json | undefined,
  question: MessageQuestion,
  contentMax: number,
): MessageVerdict {
  const fields = fieldsOf(result);
  if (fields.drop) return { allowed: false, ...refusalOf(fields) };
  const content = contentOf(fields, question, contentMax);
  const code = integer(fields.code);
  return {
    allowed: true,
    content,
    reason:
      content !== undefined && code !== undefined && code > 0
        ? { code, detail: text(fields.detail) ?? "" }
        : undefined,
    to: narrowed(fields.toPeers, question.to, `${question.name}: toPeers`),
  };
}

export function conversationVerdict(
  result: Json | undefined,
  question: ConversationQuestion,
): ConversationVerdict {
  const fields = fieldsOf(result);
  if (fields.reject) return { allowed: false, ...refusalOf(fields) };
  if (question.name !== "conversationUpdate") return ALLOWED;
  // Only a field of the question can be replaced (H-08).
  if ("mute" in question) {
    const { mute } = fields;
    return typeof mute === "boolean" ? { allowed: true, instead: { mute } } : ALLOWED;
  }
  return isObject(fields.attr) ? { allowed: true, instead: { attributes: fields.attr } } : ALLOWED;
}

export function offlineAnswer(result: Json | undefined, event: OfflineEvent): OfflineAnswer {
  const fields = fieldsOf(result);
  if (fields.skip) return { skip: true };
  return {
    skip: false,
    offline: narrowed(fields.offlinePeers, event.offline, "receiversOffline: offlinePeers") ?? event.offline,
    pushMessage: pushMessageOf(fields.pushMessage),
    force: Boolean(fields.force),
  };
}

/**
 * Documented is `{"result": true}`, which is one level down on the wire. `objectId` is our own field for the client id,
 * where the accounts are the app's and not known here.
 *
 * @param userId the user's, if the user is known here
 */
export function signAnswer(result: Json | undefined, userId?: Json): SignAnswer {
  const fields = isObject(result) ? result : { result: result ?? false };
  if (fields.result !== true) return { allowed: false, error: text(fields.error) ?? "The app refused it." };
  const clientId = text(userId ?? fields.objectId);
  return clientId === undefined
    ? { allowed: false, error: "The app's hook gave no objectId." }
    : { allowed: true, clientId };
}

/** The result itself, or the one inside it, because handlers of functions wrap it once more. */
function fieldsOf(result: Json | undefined): HookFields {
  if (!isObject(result)) return {};
  return isObject(result.result) ? result.result : result;
}

function refusalOf({ code, detail }: HookFields): AppRefusal {
  return { appCode: integer(code), appMessage: text(detail) };
}

/** Undefined if the content stays, an echo of the same content included. */
function contentOf(fields: HookFields, question: MessageQuestion, max: number): Content | undefined {
  const given = fields.content;
  if (given === undefined || given === null) return undefined;
  const wasBinary = typeof question.content !== "string";
  const isBinary = typeof fields.bin === "boolean" ? fields.bin : wasBinary;
  const content = typeof given !== "string" ? undefined : isBinary ? fromBase64(given) : given;
  if (content === undefined) return ignored(`${question.name}: content`, isBinary ? "no Base64" : "no text");
  if (Buffer.byteLength(content) > max) return ignored(`${question.name}: content`, `more than ${max} bytes`);
  return isSame(content, question.content) ? undefined : content;
}

/** The recipients that are named; undefined for all of them. New recipients are ignored. */
function narrowed(given: Json | undefined, recipients: string[], what: string): string[] | undefined {
  if (given === undefined || given === null) return undefined;
  if (!Array.isArray(given)) return ignored(what, "no list");
  const named = new Set(given);
  const kept = recipients.filter((id) => named.has(id));
  return kept.length === recipients.length ? undefined : kept;
}

function pushMessageOf(given: Json | undefined): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (isObject(given)) return JSON.stringify(given);
  const what = "receiversOffline: pushMessage";
  const parsed = typeof given === "string" ? parseAsWritten(given) : { problem: "no text" };
  if ("problem" in parsed) return ignored(what, parsed.problem);
  return isObject(parsed.value) ? JSON.stringify(parsed.value) : ignored(what, "not a JSON object");
}

function ignored(what: string, why: string): undefined {
  console.warn(`hook ${what} in its answer is left out: ${why}`);
}

function isSame(one: Content, other: Content): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** A code that fits the wire's 32 bits. */
function integer(value: Json | undefined): number | undefined {
  const number = numberOf(value);
  return number !== undefined && number === (number | 0) ? number : undefined;
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
