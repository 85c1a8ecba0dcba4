import { QUERY_ANSWER_BYTES } from "../bounds.ts";
import type { Described, DescriptionOptions } from "../conversation/description.ts";
import { isConversationId } from "../conversation/ids.ts";
import { newConversation } from "../conversation/new-conversation.ts";
import { isWhereByIdOnly } from "../database/conversations/query.ts";
import { type QueryingClient, withoutMembers } from "../database/conversations/visibility.ts";
import { ALLOWED, type ConversationVerdict } from "../hooks/questions.ts";
import type { JsonObject } from "../model/json.ts";
import type { ConversationFound, ConversationRecord } from "../model/records.ts";
import type { CommandOf } from "../protocol/commands.ts";
import { conversationJson } from "../protocol/conversation-json.ts";
import type { ErrorName } from "../protocol/errors.ts";
import * as replies from "../protocol/replies.ts";
import { isSignatureValid, lastTimeOf } from "../protocol/signatures.ts";
import type { AccessState } from "./access-state.ts";
import { withinAnswerSize } from "./answer-size.ts";
import { copyToDatabase } from "./copy-to-database.ts";
import { forEachConversation } from "./for-each-conversation.ts";
import type { Services } from "./ports.ts";

const DEFAULT_LIMIT = 10; // conversations, if a query names no limit (B-20)
const AT_ONCE = 10; // conversations asked in parallel
const ASKED_MAX = 100; // conversations asked for one command: each is an object to wake

export interface StartAnswer {
  conversationId: string;
  reply: Uint8Array;
  /** Records for every session of the creator, after the reply. */
  creatorNotices: Uint8Array[];
}

/** Creates a conversation, or finds the unique one (B-02, B-03). */
export async function answerStart(
  services: Services,
  clientId: string,
  command: CommandOf<"conversation.start">,
  accessState: AccessState,
): Promise<StartAnswer> {
  const { serial } = command;
  const refuse = (error: ErrorName, detail?: string) => {
    return { conversationId: "", reply: replies.errorReply(serial, error, { detail }), creatorNotices: [] };
  };
  if (command.kind !== "normal") return refuse("UNSUPPORTED_COMMAND", `${command.kind} conversations`);
  const { unique, columns } = command;
  const record = await newConversation(
    { creator: clientId, members: [clientId, ...command.members], unique, columns },
    { appId: services.appId, limits: await services.limits(), now: services.now() },
  );
  if ("refused" in record) return refuse(record.refused, record.detail);
  if (!(await mayStart(services, clientId, command, accessState)))
    return refuse("CONVERSATION_SIGNATURE_FAILED");
  const verdict = command.needsCheck ? await askedToStart(services, record, columns) : ALLOWED;
  if (!verdict.allowed) {
    const reply = replies.errorReply(serial, "CONVERSATION_REJECTED_BY_APP", verdict);
    return { conversationId: "", reply, creatorNotices: [] };
  }
  const { existing, conversation, creatorNotices } = await services.start(record);
  const { id: conversationId, createdAt, uniqueId } = conversation;
  const reply = replies.conversationStarted(serial, { conversationId, createdAt, uniqueId, existing });
  return { conversationId, reply, creatorNotices };
}

/** The answer of the app's server to a new conversation (H-05), without a call if the conversation exists (B-03). */
async function askedToStart(
  services: Services,
  record: ConversationRecord,
  attributes: JsonObject,
): Promise<ConversationVerdict> {
  const { id, creator, members, unique } = record;
  const mayExist = unique && (await services.existing([id])).length > 0;
  if (mayExist && (await services.hasUnique(record))) return ALLOWED;
  return services.hooks.aboutConversation({ name: "conversationStart", by: creator, members, attributes });
}

/** Whether the app requires no signature for it, or it has a valid one; temporary ones never have any. */
async function mayStart(
  services: Services,
  clientId: string,
  { needsCheck, kind, members, signature }: CommandOf<"conversation.start">,
  accessState: AccessState,
): Promise<boolean> {
  if (!needsCheck || kind === "temporary" || !(await services.settings()).security.signConversation)
    return true;
  if (signature === undefined || accessState.isRevoked(lastTimeOf(signature))) return false;
  const { appId, masterKey } = services;
  const permission = { action: "create", members } as const;
  return isSignatureValid({ appId, masterKey, clientId, permission, signature, now: services.now() });
}

/**
 * Ids are looked up in the objects: their answers are always current, also for clients that are not members. Any other
 * condition is looked up in D1 (B-20). A client that is not a member sees nothing of the messages (I12).
 */
export async function answerQuery(
  services: Services,
  clientId: string,
  command: CommandOf<"conversation.query">,
): Promise<Uint8Array> {
  const { serial, where, sort, limit, skip, withLastMessage, compact } = command;
  const { showMembers, findOthers, historyFrom } = (await services.settings()).security;
  const sinceJoining = historyFrom === "joining";
  const json = ({ conversation, lastMessage, withoutMembers = false }: ConversationFound): JsonObject =>
    conversationJson(conversation, {
      compact: compact || withoutMembers,
      forClient: clientId,
      lastMessage: withLastMessage ? lastMessage : undefined,
    });
  const seen = { clientId, showMembers, sinceJoining, lastMessage: withLastMessage };
  if (command.temporaryIds.length > 0) {
    const found = await describeAll(services, command.temporaryIds, seen);
    const temporary = found.filter(({ conversation }) => conversation.kind === "temporary");
    return replies.queryResults(serial, withinAnswerSize(temporary.map(json)));
  }
  const ids = isWhereByIdOnly(where);
  const order = ids && comparator(sort);
  if (ids !== undefined && ids.length <= ASKED_MAX && order !== undefined) {
    const found = (await describeAll(services, ids, seen)).sort(order);
    const from = Math.max(skip ?? 0, 0);
    const most = limit === undefined || limit < 0 ? DEFAULT_LIMIT : limit;
    return replies.queryResults(serial, withinAnswerSize(found.slice(from, from + most).map(json)));
  }
  await copyToDatabase(services, command.shown);
  const bounds = { findOthers, showMembers };
  const answer = await services.query({ where, sort, limit, skip, clientId, withLastMessage, bounds });
  if ("refused" in answer) return replies.errorReply(serial, answer.refused, { detail: answer.detail });
  const found = withLastMessage
    ? await withLastMessages(services, { clientId, sinceJoining }, answer)
    : answer;
  return replies.queryResults(serial, withinAnswerSize(found.map(json)));
}

/**
 * Adds the last messages that D1 does not have, because its copy lags or the message is not for all members. The
 * conversations have them.
 */
async function withLastMessages(
  services: Services,
  { clientId, sinceJoining }: { clientId: string; sinceJoining: boolean },
  all: ConversationFound[],
): Promise<ConversationFound[]> {
  // D1 does not have the times at which members joined.
  const found = sinceJoining ? all.map((each) => ({ ...each, lastMessage: undefined })) : all;
  const unknown = found.filter(
    ({ conversation, lastMessage }) => conversation.lastMessageAt !== undefined && lastMessage === undefined,
  );
  const descriptions = new Map<string, Described>();
  const asked = unknown.slice(0, ASKED_MAX).map(({ conversation }) => conversation.id);
  const unasked = new Set<string>();
  let bytes = 0;
  await forEach(asked, async (id) => {
    // A few at a time: no more conversations are asked than fit into the answer.
    if (bytes >= QUERY_ANSWER_BYTES) {
      unasked.add(id);
      return;
    }
    // An answer without the last message is better than none: the conversations have been found.
    const described = await services
      .describe(id, clientId, { lastMessage: true, sinceJoining })
      .catch(() => undefined);
    if (described === undefined) return;
    descriptions.set(id, described);
    bytes += described.lastMessage?.content.length ?? 0;
  });
  const next = found.findIndex(({ conversation }) => unasked.has(conversation.id));
  const fitting = next === -1 ? found : found.slice(0, next);
  return fitting.map((each) => ({
    ...each,
    lastMessage: each.lastMessage ?? descriptions.get(each.conversation.id)?.lastMessage,
  }));
}

export async function answerMembership(
  services: Services,
  clientId: string,
  command: CommandOf<"conversation.isMember">,
): Promise<Uint8Array> {
  const belongs: Record<string, boolean> = {};
  const asked = command.conversationIds.slice(0, ASKED_MAX);
  for (const id of asked) belongs[id] = false;
  const existing = await services.existing(asked.filter(isConversationId));
  await forEach(existing, async (id) => {
    belongs[id] = await services.isMember(id, clientId);
  });
  return replies.membership(command.serial, belongs);
}

async function describeAll(
  services: Services,
  ids: string[],
  { clientId, showMembers, ...wanted }: Omit<QueryingClient, "findOthers"> & DescriptionOptions,
): Promise<Described[]> {
  const found: Described[] = [];
  const asked = [...new Set(ids)].filter(isConversationId).slice(0, ASKED_MAX);
  await forEach(await services.existing(asked), async (id) => {
    const described = await services.describe(id, clientId, wanted);
    if (described === undefined) return;
    const { isMember, conversation } = described;
    if (isMember || showMembers) found.push(described);
    else found.push({ ...described, conversation: withoutMembers(conversation), withoutMembers: true });
  });
  return found;
}

const forEach = (ids: string[], run: (id: string) => Promise<void>) => forEachConversation(ids, AT_ONCE, run);

/** The orders that need no D1: by the times in a description; undefined for any other. */
function comparator(
  sort: string | undefined,
): ((a: ConversationFound, b: ConversationFound) => number) | undefined {
  const match = /^(-?)(lm|createdAt|updatedAt)$/.exec(sort ?? "-lm");
  if (match === null) return undefined;
  const direction = match[1] === "-" ? -1 : 1;
  const time = ({ conversation }: ConversationFound): number => {
    if (match[2] === "createdAt") return conversation.createdAt;
    if (match[2] === "updatedAt") return conversation.updatedAt;
    return conversation.lastMessageAt ?? 0;
  };
  return (a, b) => direction * (time(a) - time(b));
}
