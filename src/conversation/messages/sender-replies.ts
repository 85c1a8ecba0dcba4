import type { MessageRecord } from "../../model/records.ts";
import * as clientEvents from "../../protocol/client-events.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import { correctionRecord } from "../../protocol/link-records.ts";
import type { Refused } from "../../protocol/outcome.ts";
import * as replies from "../../protocol/replies.ts";
import type { Rejection } from "../policy.ts";
import { newMessageId } from "./ids.ts";

/** Replies and records for the sender of a message. */

export type SendOutcome = { messageId: string; timestamp: number } | Refused;

/** The reply to a send. */
export function replyToSend(
  conversationId: string,
  serial: number | undefined,
  outcome: SendOutcome,
  now: number,
): Uint8Array {
  if ("refused" in outcome) return sendRefused(conversationId, serial, { error: outcome.refused }, now);
  return replies.messageAccepted(serial, { conversationId, ...outcome });
}

/** The reply to a refused send. Swift needs an id and a time in it. */
export function sendRefused(
  conversationId: string,
  serial: number | undefined,
  refusal: { error: ErrorName } | Rejection,
  now: number,
): Uint8Array {
  const details = { conversationId, messageId: newMessageId(now), timestamp: now };
  return replies.messageRefused(serial, { ...details, ...refusal });
}

/** The record with the final text for the sending session: other sessions receive the message changed (M-18). */
export function senderCorrection(
  conversationId: string,
  message: MessageRecord,
  reason: { code: number; detail: string },
): Uint8Array {
  const patched = { ...message, patchedAt: message.timestamp };
  return correctionRecord(clientEvents.patched({ conversationId, message: patched, reason }));
}
