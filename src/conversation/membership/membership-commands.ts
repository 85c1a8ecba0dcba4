import type { CommandOf } from "../../protocol/commands.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import * as replies from "../../protocol/replies.ts";
import type { Settings } from "../../settings/schema.ts";
import type { Subscription } from "../delivery/subscription.ts";
import type { PolicyChecks } from "../policy.ts";
import type { Replier } from "../replier.ts";
import type { ConversationState } from "../state.ts";
import type { Membership } from "./membership.ts";
import { membershipRefusal } from "./membership-rules.ts";

/**
 * The commands by which clients change members, name and attributes. A policy check takes time, so the rules are checked
 * again after it.
 */
export class MembershipCommands {
  readonly #state: ConversationState;
  readonly #membership: Membership;
  readonly #policy: PolicyChecks;
  readonly #replier: Replier;
  readonly #flush: () => void;
  readonly #rules: () => Settings["security"];

  /**
   * @param flush commits the messages that wait to be stored
   * @param rules the app's settings, as last read
   */
  constructor(
    state: ConversationState,
    membership: Membership,
    policy: PolicyChecks,
    replier: Replier,
    flush: () => void,
    rules: () => Settings["security"],
  ) {
    this.#state = state;
    this.#membership = membership;
    this.#policy = policy;
    this.#replier = replier;
    this.#flush = flush;
    this.#rules = rules;
  }

  async changeMembers(
    subscription: Subscription,
    command: CommandOf<"conversation.add" | "conversation.remove">,
  ): Promise<void> {
    const { serial, members } = command;
    const { clientId } = subscription;
    if (command.needsCheck && this.#refusal(clientId, command) === undefined) {
      const rejection = await this.#policy.checkMembers(subscription, command);
      if (rejection !== undefined) return this.#replier.reject(subscription, serial, rejection);
      this.#flush();
    }
    const refusal = this.#refusal(clientId, command);
    if (refusal !== undefined) return this.#replier.refuse(subscription, serial, refusal);
    const outcome =
      command.name === "conversation.add"
        ? await this.#membership.addMembers(members, clientId, (change) =>
            this.#replier.reply(subscription, serial, replies.membersAdded(serial, change)),
          )
        : await this.#membership.removeMembers(members, clientId, (change) =>
            this.#replier.reply(subscription, serial, replies.membersRemoved(serial, change)),
          );
    if ("refused" in outcome) this.#replier.refuse(subscription, serial, outcome.refused);
  }

  /** Why a client may not add or remove these members by the app's settings; undefined if it may. */
  #refusal(
    clientId: string,
    { name, members }: CommandOf<"conversation.add" | "conversation.remove">,
  ): ErrorName | undefined {
    const operation = name === "conversation.add" ? "add" : "remove";
    const isCreator = this.#state.facts.creator === clientId;
    const requester = { clientId, isMember: this.#isMember(clientId), isCreator };
    return membershipRefusal(operation, requester, members, this.#rules());
  }

  async update(subscription: Subscription, command: CommandOf<"conversation.update">): Promise<void> {
    const { serial } = command;
    let { changes } = command;
    if (command.needsCheck && this.#isMember(subscription.clientId)) {
      const outcome = await this.#policy.checkUpdate(subscription, { attributes: changes });
      if ("error" in outcome) return this.#replier.reject(subscription, serial, outcome);
      if ("attributes" in outcome) changes = outcome.attributes;
      this.#flush();
    }
    if (!this.#isMember(subscription.clientId))
      return this.#replier.refuse(subscription, serial, "CONVERSATION_UPDATE_REJECTED");
    const outcome = await this.#membership.change(changes, subscription, (change) =>
      this.#replier.reply(subscription, serial, replies.conversationUpdated(serial, change)),
    );
    if ("refused" in outcome) this.#replier.refuse(subscription, serial, outcome.refused, outcome.detail);
  }

  async mute(
    subscription: Subscription,
    command: CommandOf<"conversation.mute" | "conversation.unmute">,
  ): Promise<void> {
    const { serial } = command;
    const { clientId } = subscription;
    let mute = command.name === "conversation.mute";
    if (command.needsCheck && this.#isMember(clientId)) {
      const outcome = await this.#policy.checkUpdate(subscription, { mute });
      if ("error" in outcome) return this.#replier.reject(subscription, serial, outcome);
      if ("mute" in outcome) mute = outcome.mute;
    }
    if (!this.#isMember(clientId))
      return this.#replier.refuse(subscription, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    const outcome = await this.#membership.setMuted([clientId], mute);
    if ("refused" in outcome) return this.#replier.refuse(subscription, serial, outcome.refused);
    const change = { conversationId: this.#state.facts.id, updatedAt: outcome.updatedAt };
    this.#replier.reply(subscription, serial, replies.conversationUpdated(serial, change));
  }

  count(subscription: Subscription, { serial }: CommandOf<"conversation.count">): void {
    if (!this.#rules().showMembers && !this.#isMember(subscription.clientId)) {
      return this.#replier.refuse(subscription, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    }
    const answer = { conversationId: this.#state.facts.id, count: this.#state.members.size };
    this.#replier.reply(subscription, serial, replies.memberCount(serial, answer));
  }

  #isMember(clientId: string): boolean {
    return this.#state.members.has(clientId);
  }
}
