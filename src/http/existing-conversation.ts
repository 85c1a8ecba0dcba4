import type { Env } from "../bindings.ts";
import { knownConversations } from "../conversation/creation/known-conversations.ts";
import type { ConversationRecord } from "../model/records.ts";
import { errors } from "../protocol/errors.ts";
import { endOf } from "../protocol/temporary-ids.ts";
import type { ErrorBody } from "./errors.ts";
import { awaitCall } from "./object-call.ts";

/** The index has no conversation of that id. The router turns this into a 404. */
export class NoSuchConversation extends Error {
  override name = "NoSuchConversation";
  readonly failure: ErrorBody;

  constructor(id: string) {
    const isOver = endOf(id) !== undefined;
    const { code, meaning } = errors[isOver ? "TEMPORARY_CONVERSATION_EXPIRED" : "CONVERSATION_NOT_FOUND"];
    super(meaning);
    this.failure = { code, error: meaning };
  }
}

/** Whether a conversation of that id may exist: no object is created for other ids. */
export function mayExist(env: Env, id: string): Promise<boolean> {
  return awaitCall(knownConversations(env).has(id), `looking for ${id}`);
}

/** The same; throws `NoSuchConversation` if there is none. */
export async function mustExist(env: Env, id: string): Promise<void> {
  if (!(await mayExist(env, id))) throw new NoSuchConversation(id);
}

/**
 * The same for a conversation of one kind: under the path of its kind alone, nothing else is changed by mistake. Temporary
 * ones have no path of their own, and are served under that of normal ones.
 */
export async function mustBe(env: Env, id: string, kind: ConversationRecord["kind"]): Promise<void> {
  const is = await awaitCall(knownConversations(env).kindOf(id), `looking for ${id}`);
  const fits = is === kind || is === "unknown" || (kind === "normal" && is === "temporary");
  if (!fits) throw new NoSuchConversation(id);
}
