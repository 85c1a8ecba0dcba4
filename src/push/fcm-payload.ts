import type { Json, JsonObject } from "../model/json.ts";
import { channelIn, contentFor, sdkPayload, wordsOf } from "./push-content.ts";
import type { Push } from "./push-work.ts";

/** FCM's limit for one message: keys and values of its data and its notification, in bytes (November 2026). */
const PAYLOAD_MAX = 4_096;
/** FCM's longest lifetime of a message: four weeks, in seconds (November 2026). */
const TTL_MAX = 2_419_200;

/** FCM reserves these keys and refuses a message with them (November 2026). */
const RESERVED = /^(from$|message_type$|gcm|google)/i;

/** A message to one device, or the reason that there is none. */
export type FcmMessage = { message: JsonObject } | { problem: string };

/**
 * A message of FCM's HTTP v1 API. The system shows its notification, unless the content is silent (N-09). Its data has
 * every key of the content for apps that read them, and the whole content as `payload`, from which the official SDK
 * builds the notification while the app is open. A content too long for both is in `payload` alone.
 *
 * @param token of the device
 * @param now ms
 */
export function fcmMessage(push: Push, token: string, now: number): FcmMessage {
  const content = contentFor(push.content, "android", "fcm");
  const notification = notificationOf(content);
  const payload = sdkPayload(push.content, content);
  const data = [{ ...dataOf(content), payload }, { payload }].find(
    (data) => bytesOf(data) + bytesOf(notification ?? {}) <= PAYLOAD_MAX,
  );
  if (data === undefined) return { problem: `content of more than ${PAYLOAD_MAX} bytes` };
  const ttl = Math.min(TTL_MAX, Math.max(0, Math.ceil((push.expiresAt - now) / 1_000)));
  const { collapse_key: collapseKey } = content;
  return {
    message: {
      token,
      ...(notification && { notification }),
      data,
      android: {
        priority: priorityOf(content),
        ttl: `${ttl}s`,
        ...(typeof collapseKey === "string" && { collapse_key: collapseKey }),
        ...(notification && { notification: shownAs(push, content) }),
      },
    },
  };
}

/** The notification that the system shows; none if the content is for the app alone, or has no words. */
function notificationOf(content: JsonObject): JsonObject | undefined {
  const words = wordsOf(content);
  if (words === undefined) return undefined;
  const { title, body } = words;
  return { ...(title !== undefined && { title }), ...(body !== undefined && { body }) };
}

/** Display options. A push that is repeated after a lost response replaces itself. */
function shownAs(push: Push, { tag }: JsonObject): JsonObject {
  const channel = channelIn(push.content, "android", "fcm");
  return {
    tag: typeof tag === "string" ? tag : push.id,
    ...(channel !== undefined && { channel_id: channel }),
  };
}

function priorityOf({ priority, silent }: JsonObject): "HIGH" | "NORMAL" {
  if (typeof priority === "string" && /^high$/i.test(priority)) return "HIGH";
  if (typeof priority === "string" && /^normal$/i.test(priority)) return "NORMAL";
  return silent === true ? "NORMAL" : "HIGH";
}

/** FCM's data as texts. */
function dataOf(content: JsonObject): JsonObject {
  const taken = Object.entries(content).filter(([key]) => !RESERVED.test(key));
  return Object.fromEntries(taken.map(([key, value]) => [key, textOf(value)]));
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function bytesOf(texts: JsonObject): number {
  return new TextEncoder().encode(Object.entries(texts).flat().join("")).length;
}
