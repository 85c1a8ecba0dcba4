import type { CommandOf } from "../../protocol/commands.ts";
import * as replies from "../../protocol/replies.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { Subscription } from "../delivery/subscription.ts";
import type { PolicyChecks } from "../policy.ts";
import type { Replier } from "../replier.ts";
import type { ConversationState } from "../state.ts";
import { type Presence, SAMPLE_MAX } from "./presence.ts";

/** The commands by which clients enter and leave a room, and ask who is there. */
export class RoomCommands {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #presence: Presence;
  readonly #policy: PolicyChecks;
  readonly #replier: Replier;

  constructor(
    state: ConversationState,
    delivery: Delivery,
    presence: Presence,
    policy: PolicyChecks,
    replier: Replier,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#presence = presence;
    this.#policy = policy;
    this.#replier = replier;
  }

  /** A client enters the room, or leaves it. Nobody brings in or removes others. */
  async changePresence(
    subscription: Subscription,
    command: CommandOf<"conversation.add" | "conversation.remove">,
  ): Promise<void> {
    const { serial, members } = command;
    const { clientId } = subscription;
    if (members.length === 0 || members.some((id) => id !== clientId))
      return this.#replier.refuse(subscription, serial, "NORMAL_CONVERSATION_REQUIRED");
    const rejection = command.needsCheck
      ? await this.#policy.checkSignature(subscription, command)
      : undefined;
    if (rejection !== undefined) return this.#replier.reject(subscription, serial, rejection);
    const enters = command.name === "conversation.add";
    if (enters && this.#state.permissions.blacklist.has(clientId))
      return this.#replier.refuse(subscription, serial, "BLOCKED_BY_CONV");
    this.#delivery.setPresent(subscription, enters);
    // Before the reply: the session leaves the room that it was in.
    this.#delivery.send(subscription, this.#delivery.presence(enters));
    const { id: conversationId, updatedAt } = this.#state.facts;
    const change = { conversationId, allowed: [clientId], failed: [], updatedAt };
    const reply = enters ? replies.membersAdded(serial, change) : replies.membersRemoved(serial, change);
    this.#replier.reply(subscription, serial, reply);
  }

  async count(subscription: Subscription, { serial }: CommandOf<"conversation.count">): Promise<void> {
    const answer = { conversationId: this.#state.facts.id, count: await this.#presence.count() };
    this.#replier.reply(subscription, serial, replies.memberCount(serial, answer));
  }

  async members(
    subscription: Subscription,
    { serial, limit = SAMPLE_MAX }: CommandOf<"conversation.members">,
  ): Promise<void> {
    const clientIds = await this.#presence.sample(limit);
    const answer = { conversationId: this.#state.facts.id, clientIds };
    this.#replier.reply(subscription, serial, replies.presentClients(serial, answer));
  }
}
