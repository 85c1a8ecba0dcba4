import type { CommandOf } from "../protocol/commands.ts";
import { refusalsChanged, refusedConversations } from "../protocol/permission-replies.ts";
import { errorReply } from "../protocol/replies.ts";
import { isSignatureValid, lastTimeOf } from "../protocol/signatures.ts";
import type { AccessState } from "./access-state.ts";
import type { ClientServices } from "./client-ports.ts";
import type { RefusedConversations } from "./refused-conversations.ts";

/** Conversations in one answer, without a `limit` and at most. */
const PAGE = { normal: 10, most: 1_000 };

/** A client refuses conversations, or accepts to be added to them again; answers which of them were changed. */
export async function answerRefusal(
  refused: RefusedConversations,
  services: ClientServices,
  clientId: string,
  command: CommandOf<"client.refuse" | "client.accept">,
  accessState: AccessState,
): Promise<Uint8Array> {
  const { serial } = command;
  const { security } = await services.settings();
  if (!security.blacklists) return errorReply(serial, "BLACKLIST_FEATURE_DISABLED");
  const named = [...new Set(command.conversationIds)];
  if (security.signBlacklist && !(await isSigned(services, clientId, command, accessState)))
    return errorReply(serial, "BLACKLIST_SIGNATURE_FAILED");
  const refuses = command.name === "client.refuse";
  const known = refuses ? await services.existing(named) : named;
  const done: string[] = [];
  for (const conversationId of known) {
    if (!refuses) await refused.remove(clientId, conversationId);
    const refusal = refuses ? await refused.add(clientId, conversationId) : undefined;
    if (refusal === undefined) done.push(conversationId);
    else if (known.length === 1) return errorReply(serial, refusal.refused);
  }
  if (done.length === 0 && named.length > 0) return errorReply(serial, "CONVERSATION_NOT_FOUND");
  return refusalsChanged(serial, { clientId, conversationIds: done, refuses });
}

/** A signature is for one conversation. */
async function isSigned(
  { appId, masterKey, now }: ClientServices,
  clientId: string,
  { name, conversationIds, signature }: CommandOf<"client.refuse" | "client.accept">,
  accessState: AccessState,
): Promise<boolean> {
  const [conversationId] = conversationIds;
  if (signature === undefined || conversationId === undefined || conversationIds.length > 1) return false;
  if (accessState.isRevoked(lastTimeOf(signature))) return false;
  const action = name === "client.refuse" ? "client-block-conversations" : "client-unblock-conversations";
  const permission = { action, conversationId } as const;
  return isSignatureValid({ appId, masterKey, clientId, permission, signature, now: now() });
}

/** A page of the conversations that the client refuses. */
export async function answerRefused(
  refused: RefusedConversations,
  services: ClientServices,
  clientId: string,
  { serial, limit = PAGE.normal, offset }: CommandOf<"client.refused">,
): Promise<Uint8Array> {
  const { security } = await services.settings();
  if (!security.blacklists) return errorReply(serial, "BLACKLIST_FEATURE_DISABLED");
  const page = refused.page(offset, Math.min(limit, PAGE.most));
  return refusedConversations(serial, { clientId, ...page });
}
