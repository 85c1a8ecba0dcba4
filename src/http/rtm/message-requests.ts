import { Buffer } from "node:buffer";
import type { Context } from "hono";
import { conversationOf } from "../../conversation/conversation-of.ts";
import type { MessageLocation, PatchByServer, ServerMessage } from "../../conversation/server-calls.ts";
import type { MessageCount } from "../../metrics/counts.ts";
import { meterOf } from "../../metrics/meter-of.ts";
import { MIRRORED } from "../../mirror/hosted-app.ts";
import type { JsonObject } from "../../model/json.ts";
import type { ConversationRecord } from "../../model/records.ts";
import { isTemporaryId } from "../../protocol/temporary-ids.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_PARAMETER, isRefused, refuse, refused } from "../errors.ts";
import { mustExist } from "../existing-conversation.ts";
import { awaitCall, awaitSend } from "../object-call.ts";
import { type Quota, quotaUsedUp } from "../quota.ts";

/** The operations on messages, shared by both versions of the API. */

/** The header with which a repeated request receives the first response (I3). */
export const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  description: "Any text of 1 to 128 characters: the same from the same sender is the same message.",
  example: "order-4711",
};

const KEY_FORMAT = /^[\x21-\x7e]{1,128}$/;

/** Without this, a message would go round for ever. */
const leadsBack = { code: 403, error: "This was sent by Parley: mirror.server leads back to it." };

const isMirrored = (context: Context<HttpEnv>) => context.req.header(MIRRORED) !== undefined;

/** @param kind of the conversation, as far as its path says */
export async function sendMessage(
  context: Context<HttpEnv>,
  conversationId: string,
  message: Omit<ServerMessage, "dedupeToken" | "content"> & { content: string },
  answer: (sent: JsonObject) => JsonObject = (sent) => sent,
  quota: Quota = "messages",
  kind: ConversationRecord["kind"] = "normal",
): Promise<Response> {
  if (isMirrored(context)) return refuse(context, 403, leadsBack);
  const key = context.req.header(IDEMPOTENCY_KEY.name);
  if (key !== undefined && !KEY_FORMAT.test(key)) {
    const error = `${IDEMPOTENCY_KEY.name}: 1 to 128 printable characters`;
    return refuse(context, 400, { code: INVALID_PARAMETER, error });
  }
  const { content, pushData = "" } = message;
  const refusal = (await tooLong(context, content + pushData)) ?? (await quotaUsedUp(context, quota));
  if (refusal !== undefined) return refusal;
  // Different from the tokens of the sender's own devices.
  const dedupeToken = key === undefined ? undefined : `http ${key}`;
  await mustExist(context.env, conversationId);
  const conversation = conversationOf(context.env, conversationId);
  const said = await awaitSend(
    conversation.sendAsServer({ ...message, dedupeToken }),
    `message in ${conversationId}`,
  );
  if (isRefused(said)) return refused(context, said);
  meterOf(context.env).message(countOf(conversationId, message, kind), conversationId);
  return context.json(answer({ "msg-id": said.messageId, timestamp: said.timestamp }));
}

function countOf(
  conversationId: string,
  { transient, to }: Pick<ServerMessage, "transient" | "to">,
  kind: ConversationRecord["kind"],
): MessageCount {
  if (transient) return "messages.transient";
  if (to !== undefined) return "messages.service";
  if (kind === "room") return "messages.room";
  return isTemporaryId(conversationId) ? "messages.temporary" : "messages.chat";
}

/** Edits or recalls a message. A silent change of the stored copy sends no event and does not count as a message. */
export async function patchMessage(
  context: Context<HttpEnv>,
  conversationId: string,
  patched: PatchByServer,
  quota: Quota = "messages",
): Promise<Response> {
  if (isMirrored(context)) return refuse(context, 403, leadsBack);
  const text = patched.recall || typeof patched.content !== "string" ? "" : patched.content;
  const refusal =
    (await tooLong(context, text)) ?? (patched.silent ? undefined : await quotaUsedUp(context, quota));
  if (refusal !== undefined) return refusal;
  await mustExist(context.env, conversationId);
  const conversation = conversationOf(context.env, conversationId);
  const outcome = await awaitCall(conversation.patch(patched), `patch in ${conversationId}`);
  return isRefused(outcome) ? refused(context, outcome) : context.json({});
}

/** Deletes the server's copy of a message. */
export async function removeMessage(
  context: Context<HttpEnv>,
  conversationId: string,
  place: MessageLocation,
): Promise<Response> {
  await mustExist(context.env, conversationId);
  const conversation = conversationOf(context.env, conversationId);
  const outcome = await awaitCall(conversation.deleteMessage(place), `deletion in ${conversationId}`);
  return isRefused(outcome) ? refused(context, outcome) : context.json({});
}

/** Content and push data together have a limit, as for clients (4109). */
async function tooLong(context: Context<HttpEnv>, text: string): Promise<Response | undefined> {
  const { messageBytes } = (await settingsOf(context.env).get()).limits;
  if (Buffer.byteLength(text) <= messageBytes) return undefined;
  return refused(context, { refused: "FRAME_TOO_LONG", detail: `at most ${messageBytes} bytes` });
}
