import type { ConversationRecord, MessageRecord } from "../history/records.ts";
import { reason } from "../reason.ts";
import { Answers } from "./answers.ts";
import type { ConversationCommand } from "./commands.ts";
import type { Delivery } from "./delivery.ts";
import type { Link } from "./lanes.ts";
import { Membership, type MembershipHost } from "./membership.ts";
import { Messages, type MessagesHost } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import type { ConversationState } from "./state.ts";

/** What a session is told about a conversation when it logs in (L5). */
export interface CatchUp {
  /** Head of the log: everything up to here is covered. */
  head: number;
  kind: ConversationRecord["kind"];
  unread: number;
  mentioned: boolean;
  lastMessage: MessageRecord | undefined;
}

export interface ConversationHost extends MembershipHost, MessagesHost {
  /** Asks for the limits if they are not known to be fresh; undefined when they are. Never rejects. */
  refreshLimits(): Promise<unknown> | undefined;
}

/** The rules of one conversation: who may do what, what it changes, who is told. */
export class Conversation {
  readonly membership: Membership;
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #answers: Answers;
  readonly #messages: Messages;
  readonly #host: ConversationHost;
  /** Commands that wait for fresh limits, in order; undefined when none do. */
  #backlog: { link: Link; command: ConversationCommand }[] | undefined;

  constructor(state: ConversationState, delivery: Delivery, outbox: Outbox, host: ConversationHost) {
    this.#host = host;
    this.#state = state;
    this.#delivery = delivery;
    this.#answers = new Answers(delivery);
    this.#messages = new Messages(state, delivery, this.#answers, host);
    this.membership = new Membership(state, delivery, outbox, this.#answers, host);
  }

  /** Answers one command of a linked session, by the identity of its link, whatever the frame claims (L8). */
  async handle(link: Link, command: ConversationCommand): Promise<void> {
    if (this.#backlog !== undefined) {
      this.#backlog.push({ link, command });
      return;
    }
    const refreshing = command.name === "conversation.add" ? this.#host.refreshLimits() : undefined;
    if (refreshing === undefined) return this.#answer(link, command);
    // Whatever comes meanwhile waits too: commands take effect in the order they came (I2).
    this.#backlog = [{ link, command }];
    await refreshing;
    const backlog = this.#backlog;
    this.#backlog = undefined;
    await Promise.all(backlog.map((waiting) => this.#answer(waiting.link, waiting.command)));
  }

  async #answer(link: Link, command: ConversationCommand): Promise<void> {
    try {
      await this.#carryOut(link, command);
    } catch (error) {
      console.error(`${command.name}:`, reason(error));
      this.#answers.refuse(link, command.serial, "CONVERSATION_INTERNAL_ERROR");
    }
  }

  async #carryOut(link: Link, command: ConversationCommand): Promise<void> {
    const { serial } = command;
    if (command.name === "message.send") return this.#messages.send(link, command);
    this.#messages.flush(); // one sender's commands take effect in the order he gave them
    switch (command.name) {
      case "message.history":
        return this.#messages.history(link, command);
      case "message.acknowledge":
        return;
      case "message.patch":
        return this.#answers.refuse(link, serial, "UNSUPPORTED_COMMAND");
      case "read":
        return this.#messages.read(link, command);
      case "conversation.add":
        return this.membership.add(link, command);
      case "conversation.remove":
        return this.membership.remove(link, command);
      case "conversation.update":
        return this.membership.update(link, command);
      case "conversation.mute":
        return this.membership.mute(link, serial, true);
      case "conversation.unmute":
        return this.membership.mute(link, serial, false);
      case "conversation.count":
        return this.membership.count(link, serial);
      case "conversation.members":
        return this.#answers.refuse(link, serial, "TRANSIENT_CONVERSATION_REQUIRED");
      case "conversation.maxRead":
        return this.membership.maxRead(link, command);
    }
  }

  /** A client logged in whose inbox names this conversation; undefined when he is not a member (any more). */
  catchUp(clientId: string): CatchUp | undefined {
    this.#messages.flush();
    const member = this.#state.members.get(clientId);
    this.#delivery.caughtUp(clientId);
    if (member === undefined) return undefined;
    const unread = this.#state.log.unread(clientId, member.readAt);
    return {
      head: this.#state.log.head,
      kind: this.#state.facts.kind,
      unread: unread.count,
      mentioned: unread.mentioned,
      lastMessage: unread.count > 0 ? this.#state.log.last() : undefined,
    };
  }
}
