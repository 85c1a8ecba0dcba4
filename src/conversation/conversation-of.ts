import type { Env } from "../bindings.ts";
import { objectNameOf } from "../protocol/temporary-ids.ts";
import type { ConversationStub } from "./conversation-stub.ts";

/** The object that has the conversation of an id, if there is one. */
export function conversationOf({ CONVERSATIONS }: Pick<Env, "CONVERSATIONS">, id: string): ConversationStub {
  return CONVERSATIONS.getByName(objectNameOf(id));
}
