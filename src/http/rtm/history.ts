import type { Context } from "hono";
import * as v from "valibot";
import { appOf } from "../../app/app.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { knownConversations } from "../../conversation/creation/known-conversations.ts";
import { type Archive, adoptedArchive } from "../../database/messages/archive.ts";
import type { ArchivedMessage, ArchiveRequest } from "../../database/messages/history.ts";
import type { JsonObject } from "../../model/json.ts";
import { type ConversationRecord, type MessageRecord, timeSent } from "../../model/records.ts";
import { toBase64 } from "../../protocol/base64.ts";
import type { HistoryPoint } from "../../protocol/commands.ts";
import type { HistoryMessage } from "../../protocol/replies.ts";
import { isSignatureValid, lastTimeOf } from "../../protocol/signatures.ts";
import { readableSince } from "../../settings/history-settings.ts";
import { messagesKeptFrom } from "../../settings/retention-settings.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { failures, INVALID_PARAMETER, isRefused, refuse, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mayExist, mustBe, mustExist } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { identify } from "../operation.ts";
import * as schema from "../schemas.ts";

/** A request without the time from which messages are kept, which is no matter of its own. */
type ArchiveRange = Omit<ArchiveRequest, "since">;

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;

/** The bounds of a history query (http-api §3). */
export const bounds = {
  timestamp: v.optional(v.pipe(schema.timeText(), v.description("Where to begin; now, or 0 if reversed."))),
  msgid: v.optional(v.pipe(schema.messageId(), v.description("The message at `timestamp` to begin at."))),
  till_timestamp: v.optional(v.pipe(schema.laterText(), v.description("Where to end."))),
  till_msgid: v.optional(v.pipe(schema.messageId(), v.description("The message at `till_timestamp`."))),
  include_start: v.optional(v.pipe(schema.flagText(true), v.description("Keep the message at the start."))),
  include_stop: v.optional(v.pipe(schema.flagText(false), v.description("Keep the message at the end."))),
  reversed: v.optional(v.pipe(schema.flagText(true), v.description("Oldest first."))),
  limit: v.optional(
    v.pipe(schema.numberText(), v.description(`1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} otherwise.`)),
  ),
};

/** The parameters of a client's signature for reading history, if the app allows that. */
export const signed = {
  nonce: v.optional(v.string()),
  signature_ts: v.optional(schema.timeText()),
  signature: v.optional(v.string()),
};

export const record = v.pipe(
  v.object({
    "msg-id": v.string(),
    timestamp: v.pipe(v.number(), v.integer(), v.description("When the server took it, in milliseconds.")),
    from: schema.clientId(),
    to: v.pipe(schema.conversationId(), v.description("The conversation.")),
    "conv-id": v.pipe(v.string(), v.description("The conversation's id, as in `to`.")),
    data: v.pipe(v.string(), v.description("The content; Base64 where `bin` says so.")),
    bin: v.boolean(),
    "is-conv": v.boolean(),
    "is-room": v.boolean(),
    "from-ip": v.optional(v.string()),
    "to-clients": v.optional(
      v.pipe(v.array(v.string()), v.description("Ours: whom it is for, where that is not everybody.")),
    ),
    "patched-at": v.optional(
      v.pipe(v.number(), v.description("Ours: when it was last edited or recalled, in ms.")),
    ),
    "ack-at": v.optional(
      v.pipe(v.number(), v.description("When it was first delivered, in ms, as far as that is kept.")),
    ),
  }),
  v.examples([
    {
      "msg-id": example.MESSAGE,
      timestamp: example.MESSAGE_AT,
      from: example.SENDER,
      to: example.CONVERSATION,
      "conv-id": example.CONVERSATION,
      data: example.TEXT,
      bin: false,
      "is-conv": true,
      "is-room": false,
    },
  ]),
);

export const records = v.array(record);

export type Bounds = v.InferOutput<v.ObjectSchema<typeof bounds, undefined>>;
export type Signed = v.InferOutput<v.ObjectSchema<typeof signed, undefined>>;

/** The parsed request; a sentence if the parameters are invalid. */
export function requestOf(asked: Bounds): ArchiveRange | string {
  if (asked.msgid !== undefined && asked.timestamp === undefined) return "msgid: needs timestamp";
  if (asked.till_msgid !== undefined && asked.till_timestamp === undefined) {
    return "till_msgid: needs till_timestamp";
  }
  const point = (timestamp?: number, messageId?: string, inclusive = false): HistoryPoint | undefined =>
    timestamp === undefined ? undefined : { timestamp, messageId, inclusive };
  const { limit = LIMIT_DEFAULT } = asked;
  return {
    start: point(asked.timestamp, asked.msgid, asked.include_start),
    end: point(asked.till_timestamp, asked.till_msgid, asked.include_stop),
    reversed: asked.reversed ?? false,
    // A limit out of range is not an error (http-api §15.19).
    limit: limit >= 1 && limit <= LIMIT_MAX ? limit : LIMIT_DEFAULT,
  };
}

/**
 * A page of a conversation's history, for the master key, or for a member with a signature if the app allows that.
 *
 * @param from `viewer`: the client that signed; `kind`: what the conversation must be, if the path says so
 */
export async function conversationHistory(
  context: Context<HttpEnv>,
  conversationId: string,
  asked: Bounds & Signed,
  { viewer, kind }: { viewer: string | undefined; kind: ConversationRecord["kind"] | undefined },
): Promise<Response> {
  const request = requestOf(asked);
  if (typeof request === "string") {
    return refuse(context, 400, { code: INVALID_PARAMETER, error: request });
  }
  const isOwner = (await identify(context)) === "master";
  const refusal = isOwner ? undefined : await refusalFor(context, conversationId, asked, viewer);
  if (refusal !== undefined) return refusal;
  const { start, end, reversed, limit } = request;
  if (kind === undefined) await mustExist(context.env, conversationId);
  else await mustBe(context.env, conversationId, kind);
  const conversation = conversationOf(context.env, conversationId);
  const direction = reversed ? ("newer" as const) : ("older" as const);
  const found = await awaitCall(
    conversation.history(
      { direction, start, end, limit, messageType: undefined },
      isOwner ? undefined : viewer,
    ),
    `history of ${conversationId}`,
  );
  if (isRefused(found)) return refused(context, found);
  const ordered = reversed ? found : found.toReversed(); // the oldest comes first
  const form = isOwner ? recordForOwner : recordJson;
  const is = kind ?? (await awaitCall(knownConversations(context.env).kindOf(conversationId), "a kind"));
  return context.json(
    ordered.map((message) => ({
      ...form({ ...message, conversationId }),
      "is-room": is === "room",
    })),
  );
}

/** 401 if the app does not let clients read history over HTTP. */
async function refusalFor(
  context: Context<HttpEnv>,
  conversationId: string,
  { nonce, signature, signature_ts: timestamp }: Signed,
  viewer: string | undefined,
): Promise<Response | undefined> {
  const { env } = context;
  const { signHistory } = (await settingsOf(env).get()).security;
  const isComplete = nonce !== undefined && signature !== undefined && timestamp !== undefined;
  if (!signHistory || !isComplete || viewer === undefined) {
    return refuse(context, 401, failures.unauthorized);
  }
  const isGenuine = await isSignatureValid({
    appId: env.APP_ID,
    masterKey: env.MASTER_KEY,
    clientId: viewer,
    permission: { action: "history", conversationId },
    signature: { signature, timestamp, nonce },
    now: Date.now(),
  });
  if (!isGenuine) return refused(context, { refused: "SIGNATURE_FAILED" });
  const signedAt = lastTimeOf({ signature, timestamp, nonce });
  const asked = env.CLIENTS.getByName(viewer).signatureRefusal(signedAt);
  const refusal = await awaitCall(asked, `whether ${viewer} may read`);
  if (refusal !== undefined) return refused(context, { refused: refusal });
  const exists = await mayExist(env, conversationId);
  const conversation = conversationOf(env, conversationId);
  const isMember = exists && (await awaitCall(conversation.mayRead(viewer), `members of ${conversationId}`));
  return isMember ? undefined : refused(context, { refused: "CONVERSATION_LOG_REJECTED" });
}

/**
 * A page of D1's archive, with the times from which and up to which it is complete: conversations copy their messages to
 * it a moment later or, if D1 was down, much later.
 */
export async function archivedHistory(
  context: Context<HttpEnv>,
  asked: Bounds,
  find: (archive: Archive, request: ArchiveRequest) => Promise<ArchivedMessage[]>,
): Promise<Response> {
  const request = requestOf(asked);
  if (typeof request === "string") {
    return refuse(context, 400, { code: INVALID_PARAMETER, error: request });
  }
  const settings = await settingsOf(context.env).get();
  const since = readableSince(settings.history, Date.now());
  if (since === Number.POSITIVE_INFINITY) return refuse(context, 403, failures.notArchived);
  const within = withinArchive(request, since);
  if (within === undefined) return refuse(context, 403, failures.beforeArchive);
  // Read first: a state that was complete before the query is complete in it.
  const until = await awaitCall(appOf(context.env).archivedUntil(), "how far history goes");
  const messages = await awaitCall(
    adoptedArchive(context.env).then((archive) =>
      find(archive, { ...within, since: messagesKeptFrom(settings, Date.now()) }),
    ),
    "history in D1",
  );
  context.header(COMPLETE_UNTIL, String(until));
  if (since > 0) context.header(COMPLETE_SINCE, String(since));
  return context.json(messages.map(recordForOwner));
}

/** Milliseconds. */
export const COMPLETE_UNTIL = "X-Parley-Complete-Until";
/** The same; only where D1 does not keep all messages. */
export const COMPLETE_SINCE = "X-Parley-Complete-Since";

/** Pages that follow one another end at the edge of the archive, which moves on meanwhile (ms). */
const EDGE_MOVES = 60 * 60 * 1_000;

/** The part of a range that the archive has; undefined for a range before it. @param since ms */
function withinArchive(request: ArchiveRange, since: number): ArchiveRange | undefined {
  const { start, end, reversed } = request;
  const [earliest, latest] = reversed ? [start, end] : [end, start];
  if (latest !== undefined && latest.timestamp < since - EDGE_MOVES) return undefined;
  if (since === 0 || (earliest !== undefined && earliest.timestamp >= since)) return request;
  const edge = { timestamp: since, messageId: undefined, inclusive: true };
  return { ...request, ...(reversed ? { start: edge } : { end: edge }) };
}

/** The same for the app's server, with whom it is for where it is not for all, and when it was changed. */
function recordForOwner(message: ArchivedMessage | (MessageRecord & { conversationId: string })): JsonObject {
  const { recipients, patchedAt } = message;
  return {
    ...recordJson(message),
    ...(recipients !== undefined && { "to-clients": recipients }),
    ...(patchedAt !== undefined && { "patched-at": patchedAt }),
  };
}

/** A message in the API's form (http-api §3). */
export function recordJson(message: HistoryMessage & { conversationId: string }): JsonObject {
  const { id, from, content, conversationId, address, deliveredAt } = message;
  const isText = typeof content === "string";
  return {
    "msg-id": id,
    timestamp: timeSent(message),
    from,
    to: conversationId,
    "conv-id": conversationId,
    data: isText ? content : toBase64(content),
    bin: !isText,
    "is-conv": true,
    "is-room": false,
    ...(address !== undefined && { "from-ip": address }),
    ...(deliveredAt !== undefined && { "ack-at": deliveredAt }),
  };
}
