import type { CommandOf } from "../../protocol/commands.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import type { Changed, Refused } from "../../protocol/outcome.ts";
import * as replies from "../../protocol/replies.ts";
import type { Settings } from "../../settings/schema.ts";
import type { Subscription } from "../delivery/subscription.ts";
import type { PolicyChecks } from "../policy.ts";
import type { Replier } from "../replier.ts";
import type { ConversationState } from "../state.ts";
import type { Membership } from "./membership.ts";
import { membershipRefusal, type Requester, reachedBy, refusalOfAll } from "./membership-rules.ts";

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
  readonly #now: () => number;

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
    now: () => number,
  ) {
    this.#state = state;
    this.#membership = membership;
    this.#policy = policy;
    this.#replier = replier;
    this.#flush = flush;
    this.#rules = rules;
    this.#now = now;
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
        : await this.#remove(subscription, command);
    if ("refused" in outcome) this.#replier.refuse(subscription, serial, outcome.refused);
  }

  #remove(
    subscription: Subscription,
    { serial, members }: CommandOf<"conversation.add" | "conversation.remove">,
  ): Promise<Changed | Refused> {
    const { clientId } = subscription;
    const roleOf = (id: string) => this.#state.permissions.roleOf(id, this.#state.facts.creator);
    const outcome = reachedBy("remove", this.#requester(clientId), members, roleOf);
    const refusal = refusalOfAll(outcome);
    if (refusal !== undefined) return Promise.resolve({ refused: refusal });
    const { reached, failed } = outcome;
    return this.#membership.removeMembers(reached, clientId, (change) =>
      this.#replier.reply(subscription, serial, replies.membersRemoved(serial, { ...change, failed })),
    );
  }

  /** Why a client may not add or remove these members by the app's settings; undefined if it may. */
  #refusal(
    clientId: string,
    { name, members }: CommandOf<"conversation.add" | "conversation.remove">,
  ): ErrorName | undefined {
    const operation = name === "conversation.add" ? "add" : "remove";
    const refusal = membershipRefusal(operation, this.#requester(clientId), members, this.#rules());
    if (refusal !== undefined || operation === "remove") return refusal;
    // To Java, a partial result is a success of a client that joins.
    const joins = members.length > 0 && members.every((id) => id === clientId);
    return joins && this.#state.permissions.barsFromJoining(clientId, clientId)
      ? "BLOCKED_BY_CONV"
      : undefined;
  }

  #requester(clientId: string): Requester {
    const { creator } = this.#state.facts;
    const { permissions } = this.#state;
    const role = this.#rules().memberRoles ? permissions.roleOf(clientId, creator) : undefined;
    const areRolesGiven = permissions.roles.size > 0;
    return {
      clientId,
      isMember: this.#isMember(clientId),
      isCreator: creator === clientId,
      role,
      areRolesGiven,
    };
  }

  async update(subscription: Subscription, command: CommandOf<"conversation.update">): Promise<void> {
    const { serial } = command;
    let { changes } = command;
    if (command.needsCheck && this.#updateRefusal(subscription) === undefined) {
      const outcome = await this.#policy.checkUpdate(subscription, { attributes: changes });
      if ("error" in outcome) return this.#replier.reject(subscription, serial, outcome);
      if ("attributes" in outcome) changes = outcome.attributes;
      this.#flush();
    }
    const refusal = this.#updateRefusal(subscription);
    if (refusal !== undefined) return this.#replier.refuse(subscription, serial, refusal);
    const outcome = await this.#membership.change(changes, subscription, (change) =>
      this.#replier.reply(subscription, serial, replies.conversationUpdated(serial, change)),
    );
    if ("refused" in outcome) this.#replier.refuse(subscription, serial, outcome.refused, outcome.detail);
  }

  /** Everybody reads names and attributes, so silenced members may not change them. */
  #updateRefusal(subscription: Subscription): ErrorName | undefined {
    if (!this.#belongs(subscription)) return "CONVERSATION_UPDATE_REJECTED";
    return this.#state.permissions.silences.refusal(subscription.clientId, this.#now());
  }

  async mute(
    subscription: Subscription,
    command: CommandOf<"conversation.mute" | "conversation.unmute">,
  ): Promise<void> {
    const { serial } = command;
    const { clientId } = subscription;
    let mute = command.name === "conversation.mute";
    if (command.needsCheck && this.#belongs(subscription)) {
      const outcome = await this.#policy.checkUpdate(subscription, { mute });
      if ("error" in outcome) return this.#replier.reject(subscription, serial, outcome);
      if ("mute" in outcome) mute = outcome.mute;
    }
    if (!this.#belongs(subscription))
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

  /** Whether a session is a member's, or present where there are none. */
  #belongs({ clientId, isPresent }: Subscription): boolean {
    return this.#state.rules.hasMembers ? this.#isMember(clientId) : isPresent;
  }

  #isMember(clientId: string): boolean {
    return this.#state.members.has(clientId);
  }
}
