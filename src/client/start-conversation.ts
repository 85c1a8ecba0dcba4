import { newConversation } from "../conversation/creation/new-conversation.ts";
import { ALLOWED, type ConversationVerdict } from "../hooks/before/hook-question.ts";
import type { JsonObject } from "../model/json.ts";
import type { ConversationRecord } from "../model/records.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import * as replies from "../protocol/replies.ts";
import { isSignatureValid, lastTimeOf } from "../protocol/signatures.ts";
import type { AccessState } from "./access-state.ts";
import type { ClientServices } from "./client-ports.ts";

export interface StartAnswer {
  conversationId: string;
  reply: Uint8Array;
  /** Records for every session of the creator, after the reply. */
  creatorNotices: Uint8Array[];
}

/** Creates a conversation, or finds the unique one (B-02, B-03). */
export async function answerStart(
  services: ClientServices,
  clientId: string,
  command: CommandOf<"conversation.start">,
  accessState: AccessState,
): Promise<StartAnswer> {
  const { serial } = command;
  const refuse = (error: ErrorName, detail?: string) => {
    return { conversationId: "", reply: replies.errorReply(serial, error, { detail }), creatorNotices: [] };
  };
  const { kind, timeToLive, unique, columns } = command;
  const { appId, temporaryIds } = services;
  const record = await newConversation(
    { kind, timeToLive, creator: clientId, members: [clientId, ...command.members], unique, columns },
    { appId, temporaryIds, limits: await services.limits(), now: services.now() },
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
  const { id: conversationId, createdAt, uniqueId, timeToLive: lifetime } = conversation;
  const reply = replies.conversationStarted(serial, {
    conversationId,
    createdAt,
    uniqueId,
    existing,
    timeToLive: lifetime,
  });
  return { conversationId, reply, creatorNotices };
}

/** The answer of the app's server to a new conversation (H-05), without a call if the conversation exists (B-03). */
async function askedToStart(
  services: ClientServices,
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
  services: ClientServices,
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
