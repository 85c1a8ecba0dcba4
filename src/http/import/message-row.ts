import { Buffer } from "node:buffer";
import * as v from "valibot";
import type { ImportedMessage } from "../../conversation/log/import-messages.ts";
import { isConversationId } from "../../conversation/messages/ids.ts";
import { isClientId } from "../../model/client-id.ts";
import type { Json } from "../../model/json.ts";
import { isRecalled } from "../../protocol/recalled.ts";
import { anyTime, CLOCKS_DIFFER, parsed } from "./imported-rows.ts";

/** Characters of a message's content: far more than the hosted service took. */
const CONTENT_MAX = 256 * 1024;

const messageRow = v.object({
  to: v.pipe(
    v.string("must be a conversation's id"),
    v.check(isConversationId, "must be a conversation's id"),
  ),
  "msg-id": v.pipe(v.string("must be a message's id"), v.minLength(1), v.maxLength(64)),
  from: v.pipe(
    v.string("must be a client id"),
    v.check((id) => id === "" || isClientId(id), "must be a client id"),
  ),
  timestamp: anyTime(),
  data: v.union([v.string(), v.record(v.string(), v.unknown())], "must be a text"),
  bin: v.nullish(v.boolean("must be true or false"), false),
  "is-room": v.nullish(v.boolean(), false),
  "from-ip": v.nullish(v.string()),
  "ack-at": v.nullish(anyTime()),
  // Of a service conversation: a Parley's own export, or one of global broadcasts, has them.
  "to-clients": v.nullish(v.pipe(v.array(v.pipe(v.string(), v.check(isClientId))), v.maxLength(100))),
  valid_till: v.nullish(anyTime()),
});

export interface MessageRow {
  conversationId: string;
  message: ImportedMessage;
}

/**
 * A message as the hosted service's history has it (http-api §3), or why it is refused.
 *
 * @param now ms; a message from the future would stand before all that come
 */
export function readMessageRow(row: Json, now: number): MessageRow | string {
  const read = parsed(messageRow, row);
  if (typeof read === "string") return read;
  if (read["is-room"]) return "is-room: messages of groups of version 1 are not imported";
  if (read.timestamp > now + CLOCKS_DIFFER) return "timestamp: is in the future";
  const text = typeof read.data === "string" ? read.data : JSON.stringify(read.data);
  if (text.length > CONTENT_MAX) return `data: is longer than ${CONTENT_MAX} characters`;
  if (read.bin && (typeof read.data !== "string" || !isBase64(text)))
    return "data: must be Base64, as bin says";
  const address = read["from-ip"] ?? undefined;
  const deliveredAt = read["ack-at"] ?? undefined;
  return {
    conversationId: read.to,
    message: {
      timestamp: read.timestamp,
      id: read["msg-id"],
      from: read.from,
      content: read.bin ? new Uint8Array(Buffer.from(text, "base64")) : text,
      recalled: !read.bin && isRecalled(text),
      address: address === "" ? undefined : address,
      ...(read["to-clients"] && { recipients: read["to-clients"] }),
      ...(read.valid_till && { validTill: read.valid_till }),
      // 0 stands for "not yet".
      ...(deliveredAt ? { deliveredAt } : {}),
    },
  };
}

/** With or without the padding. The decoder would drop what it does not know, and keep the rest. */
function isBase64(text: string): boolean {
  const [digits = ""] = /^[A-Za-z0-9+/]*/.exec(text) ?? [];
  const padding = text.slice(digits.length);
  if (padding !== "") return /^={1,2}$/.test(padding) && text.length % 4 === 0;
  return digits.length % 4 !== 1;
}
