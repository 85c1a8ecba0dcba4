import { knownConversations } from "../conversation/known-conversations.ts";
import type { ConversationStub, Env } from "../env.ts";
import { errors } from "../protocol/errors.ts";
import { answered } from "./answered.ts";
import type { Failure } from "./errors.ts";

/** There is no conversation of that id, as far as the index knows: the router turns it into a 404. */
export class NoSuchConversation extends Error {
  override name = "NoSuchConversation";
  readonly failure: Failure;

  constructor() {
    const { code, meaning } = errors.CONVERSATION_NOT_FOUND;
    super(meaning);
    this.failure = { code, error: meaning };
  }
}

/** The object of a conversation that may exist; undefined where one would be made for nothing. */
export async function conversationIfAny(env: Env, id: string): Promise<ConversationStub | undefined> {
  const exists = await answered(knownConversations(env).has(id), `looking for ${id}`);
  return exists ? env.CONVERSATIONS.getByName(id) : undefined;
}

/** The same; throws `NoSuchConversation` where there is none. */
export async function conversationOf(env: Env, id: string): Promise<ConversationStub> {
  const conversation = await conversationIfAny(env, id);
  if (conversation === undefined) throw new NoSuchConversation();
  return conversation;
}
