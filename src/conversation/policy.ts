import type {
  AppRefusal,
  ConversationVerdict,
  HookQuestion,
  Hooks,
  MessageVerdict,
} from "../hooks/before/hook-question.ts";
import type { Decider, Decision } from "../model/app-events.ts";
import type { Content } from "../model/records.ts";
import { isFiltered } from "../moderation/filter.ts";
import type { CommandOf, Signature } from "../protocol/commands.ts";
import { type ErrorName, errors } from "../protocol/errors.ts";
import type { Settings } from "../settings/schema.ts";
import type { Subscription } from "./delivery/subscription.ts";
import type { ConversationState } from "./state.ts";

/** A change of members or of the blacklist that an app's server may have to sign. */
export interface SignedChange {
  clientId: string;
  conversationId: string;
  members: readonly string[];
  action: "invite" | "kick" | "conversation-block-clients" | "conversation-unblock-clients";
  signature: Signature | undefined;
}

/** The app's settings, hooks and word list. */
export interface PolicyHost {
  now(): number;
  /** As last read; `conversation.ts` refreshes them where it matters. */
  settings(): Settings;
  hooks: Hooks;
  /** The content without the words of the list; undefined if it has none. Never rejects. */
  filtered(content: Content): Promise<Content | undefined>;
  isSigned(change: SignedChange): Promise<boolean>;
}

/** Why something is rejected, with the answer of the app's server. */
export type Rejection = { error: ErrorName } & AppRefusal;

export type Approved = Extract<MessageVerdict, { allowed: true }> & { changedBy?: ChangedBy };

/** Who changed a message, and what the hook said to it. */
export type ChangedBy = Pick<Decision, "by" | "code" | "why">;

type Patch = CommandOf<"message.patch">["patches"][number];

const CENSORED = {
  code: -errors.MESSAGE_MODIFIED_BY_CENSORSHIP.code,
  detail: "MESSAGE_MODIFIED_BY_CENSORSHIP",
};

/**
 * Checks the commands of clients against the app's policy: signatures first, then the hook of its server, then the word
 * list, so that text from a hook is filtered too (http-api §8.2). Every check takes time and the conversation may change
 * meanwhile, so the rules are checked again afterwards.
 */
export class PolicyChecks {
  readonly #state: ConversationState;
  readonly #host: PolicyHost;

  constructor(state: ConversationState, host: PolicyHost) {
    this.#state = state;
    this.#host = host;
  }

  /** Checks a message before it is sent (H-01, M-51). */
  async checkMessage(
    subscription: Subscription,
    command: CommandOf<"message.send">,
  ): Promise<Approved | Rejection> {
    const { content, transient, receipt } = command;
    const question: HookQuestion = {
      name: "messageReceived",
      ...this.#from(subscription),
      content,
      transient,
      receipt,
      timestamp: this.#host.now(),
    };
    return this.#decide(await this.#host.hooks.aboutMessage(question), content, "MESSAGE_REJECTED_BY_APP");
  }

  /** Checks an edit or recall (H-04). */
  async checkPatch(subscription: Subscription, patch: Patch): Promise<Approved | Rejection> {
    const { messageId, timestamp, recall, content = "" } = patch;
    const question: HookQuestion = {
      name: "messageUpdate",
      ...this.#from(subscription),
      messageId,
      timestamp,
      recall,
      content,
    };
    const verdict = await this.#host.hooks.aboutMessage(question);
    const decision = await this.#decide(verdict, recall ? "" : content, "MESSAGE_UPDATE_REJECTED_BY_APP");
    return "error" in decision || !recall ? decision : { ...decision, content: undefined };
  }

  /** Checks adding or removing members (X-02, H-06, H-07); undefined if it is allowed. */
  async checkMembers(
    subscription: Subscription,
    command: CommandOf<"conversation.add" | "conversation.remove">,
  ): Promise<Rejection | undefined> {
    const { clientId } = subscription;
    const { members } = command;
    const unsigned = await this.checkSignature(subscription, command);
    if (unsigned !== undefined || leaves(subscription, command)) return unsigned;
    const conversationId = this.#state.facts.id;
    const name = command.name === "conversation.add" ? "conversationAdd" : "conversationRemove";
    const verdict = await this.#host.hooks.aboutConversation({ name, conversationId, by: clientId, members });
    return rejectionIn(verdict);
  }

  /** Checks blocking or unblocking, and of blocking, the removal of the members among them (H-07). */
  async checkBlacklist(
    { clientId }: Subscription,
    { name, members, signature }: CommandOf<"conversation.block" | "conversation.unblock">,
  ): Promise<Rejection | undefined> {
    const conversationId = this.#state.facts.id;
    const blocks = name === "conversation.block";
    if (this.#host.settings().security.signBlacklist) {
      const action = blocks ? "conversation-block-clients" : "conversation-unblock-clients";
      const change: SignedChange = { clientId, conversationId, members, action, signature };
      if (!(await this.#host.isSigned(change))) return rejection("BLACKLIST_SIGNATURE_FAILED");
    }
    const removed = blocks ? members.filter((id) => this.#state.members.has(id)) : [];
    if (removed.length === 0) return undefined;
    const question = { name: "conversationRemove", conversationId, by: clientId, members: removed } as const;
    return rejectionIn(await this.#host.hooks.aboutConversation(question));
  }

  /** Checks the signature of adding or removing members, or of entering a room; undefined if none is missing. */
  async checkSignature(
    subscription: Subscription,
    command: CommandOf<"conversation.add" | "conversation.remove">,
  ): Promise<Rejection | undefined> {
    // Java sends no signature when a client leaves (wire §10.2, 44).
    if (!this.#host.settings().security.signConversation || leaves(subscription, command)) return undefined;
    const { clientId } = subscription;
    const { members, signature } = command;
    const action = command.name === "conversation.add" ? "invite" : "kick";
    const conversationId = this.#state.facts.id;
    const change: SignedChange = { clientId, conversationId, members, action, signature };
    return (await this.#host.isSigned(change)) ? undefined : rejection("CONVERSATION_SIGNATURE_FAILED");
  }

  /** Checks a change of name, attributes or the client's own mute (H-08). */
  async checkUpdate(
    subscription: Subscription,
    change: { attributes: CommandOf<"conversation.update">["changes"] } | { mute: boolean },
  ): Promise<typeof change | Rejection> {
    const conversationId = this.#state.facts.id;
    const question: HookQuestion = {
      name: "conversationUpdate",
      conversationId,
      by: subscription.clientId,
      ...change,
    };
    const verdict = await this.#host.hooks.aboutConversation(question);
    return rejectionIn(verdict) ?? (verdict.allowed && verdict.instead ? verdict.instead : change);
  }

  /** The content after the word list was applied; undefined if it is unchanged. */
  async filtered(content: Content): Promise<Content | undefined> {
    const { members, rules } = this.#state;
    return isFiltered(rules.hasMembers ? members.size : undefined, this.#host.settings())
      ? this.#host.filtered(content)
      : undefined;
  }

  #from({ clientId, address }: Subscription) {
    const to = [...this.#state.members.keys()].filter((id) => id !== clientId);
    const isForService = this.#state.rules.isService;
    return { conversationId: this.#state.facts.id, from: clientId, to, address, isForService };
  }

  async #decide(verdict: MessageVerdict, content: Content, error: ErrorName): Promise<Approved | Rejection> {
    if (!verdict.allowed) return { error, appCode: verdict.appCode, appMessage: verdict.appMessage };
    const censored = await this.filtered(verdict.content ?? content);
    const decision = censored === undefined ? verdict : { ...verdict, content: censored, reason: CENSORED };
    const by: Decider[] = [];
    if (verdict.content !== undefined || verdict.to !== undefined) by.push("hook");
    if (censored !== undefined) by.push("words");
    if (by.length === 0) return decision;
    return { ...decision, changedBy: { by, code: verdict.reason?.code, why: verdict.reason?.detail } };
  }
}

function leaves(
  { clientId }: Subscription,
  { name, members }: CommandOf<"conversation.add" | "conversation.remove">,
): boolean {
  return name === "conversation.remove" && members.every((id) => id === clientId);
}

/** The result where no check applies. */
export const APPROVED_AS_SENT: Approved = {
  allowed: true,
  content: undefined,
  reason: undefined,
  to: undefined,
};

function rejection(error: ErrorName): Rejection {
  return { error, appCode: undefined, appMessage: undefined };
}

function rejectionIn(verdict: ConversationVerdict): Rejection | undefined {
  if (verdict.allowed) return undefined;
  const { appCode, appMessage } = verdict;
  return { error: "CONVERSATION_REJECTED_BY_APP", appCode, appMessage };
}
