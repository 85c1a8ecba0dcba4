import type { CommandOf } from "../../protocol/commands.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import { catchUpModes } from "../../protocol/link-controls.ts";
import * as replies from "../../protocol/replies.ts";
import type { Settings } from "../../settings/schema.ts";
import type { ConversationCommandName } from "../commands.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { Subscription } from "../delivery/subscription.ts";
import { timeOfMessageId } from "../messages/ids.ts";
import type { PolicyChecks } from "../policy.ts";
import type { Replier } from "../replier.ts";
import type { ConversationState } from "../state.ts";
import type { ServiceState } from "./service-state.ts";
import { unreadOfService } from "./service-unread.ts";
import type { Subscribing } from "./subscribing.ts";

/** What a service's commands need of the object around it. */
export interface ServiceCommandsHost {
  now(): number;
  /** As last read. */
  settings(): Settings;
}

/** The commands that are others in a service conversation: about oneself alone, as nobody has to do with the others. */
export class ServiceCommands {
  readonly #state: ConversationState;
  readonly #service: ServiceState;
  readonly #subscribing: Subscribing;
  readonly #delivery: Delivery;
  readonly #policy: PolicyChecks;
  readonly #replier: Replier;
  readonly #host: ServiceCommandsHost;

  constructor(
    state: ConversationState,
    service: ServiceState,
    subscribing: Subscribing,
    delivery: Delivery,
    policy: PolicyChecks,
    replier: Replier,
    host: ServiceCommandsHost,
  ) {
    this.#state = state;
    this.#service = service;
    this.#subscribing = subscribing;
    this.#delivery = delivery;
    this.#policy = policy;
    this.#replier = replier;
    this.#host = host;
  }

  /** Subscribes the client, or ends its subscription (V-01). */
  async changeSubscription(
    subscription: Subscription,
    command: CommandOf<"conversation.add" | "conversation.remove">,
  ): Promise<void> {
    const { serial, members } = command;
    const { clientId, sessionId } = subscription;
    const refusal = this.#refusal(clientId, command);
    if (refusal !== undefined) return this.#replier.refuse(subscription, serial, refusal);
    if (command.needsCheck) {
      const rejection = await this.#policy.checkMembers(subscription, command);
      if (rejection !== undefined) return this.#replier.reject(subscription, serial, rejection);
    }
    const isSubscribing = command.name === "conversation.add";
    const refused = await (isSubscribing
      ? this.#subscribing.subscribe(clientId, sessionId)
      : this.#subscribing.unsubscribe(clientId));
    if (refused !== undefined) return this.#replier.refuse(subscription, serial, refused.refused);
    // A session at a relay is none of the subscriptions here.
    const isPresent = this.#service.subscribers.has(clientId);
    if (subscription.isPresent !== isPresent) this.#delivery.setPresent(subscription, isPresent);
    const { id: conversationId, updatedAt } = this.#state.facts;
    const change = { conversationId, allowed: [...new Set(members)], failed: [], updatedAt };
    const reply = isSubscribing
      ? replies.membersAdded(serial, change)
      : replies.membersRemoved(serial, change);
    this.#replier.reply(subscription, serial, reply);
  }

  #refusal(
    clientId: string,
    { name, members }: CommandOf<"conversation.add" | "conversation.remove">,
  ): ErrorName | undefined {
    if (members.length === 0 || members.some((member) => member !== clientId)) {
      return "NORMAL_CONVERSATION_REQUIRED";
    }
    const isClosed = name === "conversation.add" && this.#host.settings().security.join === "nobody";
    return isClosed ? "CONVERSATION_OPERATION_UNAUTHORIZED" : undefined;
  }

  /** Switches push off or on for the client (M-46). */
  mute(subscription: Subscription, command: CommandOf<"conversation.mute" | "conversation.unmute">): void {
    const { serial } = command;
    this.#service.readers.setMuted(subscription.clientId, command.name === "conversation.mute");
    const { id: conversationId, updatedAt } = this.#state.facts;
    this.#replier.reply(
      subscription,
      serial,
      replies.conversationUpdated(serial, { conversationId, updatedAt }),
    );
  }

  /** Replies with the number of subscribers. */
  count(subscription: Subscription, { serial }: CommandOf<"conversation.count">): void {
    const answer = { conversationId: this.#state.facts.id, count: this.#service.subscribers.count };
    this.#replier.reply(subscription, serial, replies.memberCount(serial, answer));
  }

  /** A device acknowledges messages. Only those of `.1` devices are kept: there are no receipts. */
  acknowledge({ clientId, mode }: Subscription, command: CommandOf<"message.acknowledge">): void {
    const acknowledged = command.to ?? (command.messageId && timeOfMessageId(command.messageId));
    if (mode !== catchUpModes.MESSAGES || acknowledged === undefined || acknowledged === "") return;
    this.#service.readers.acknowledge(clientId, Math.min(acknowledged, this.#state.log.head));
  }

  /** A device has read everything up to a time, or to the end of the log. */
  read(subscription: Subscription, command: CommandOf<"read">): void {
    const { id } = this.#state.facts;
    const { clientId } = subscription;
    const { head } = this.#state.log;
    const entry = command.conversations.find(({ conversationId }) => conversationId === id);
    const now = this.#host.now();
    if (entry !== undefined) {
      const upTo = Math.min(entry.timestamp ?? head, head);
      if (this.#service.readers.moveReadCursor(clientId, upTo, now))
        this.#delivery.notify([clientId], { kind: "unread" });
      else this.#delivery.send(subscription, unreadOfService(this.#state, this.#service, clientId, now, now));
    }
    this.#replier.reply(subscription, command.serial, replies.readConfirmed(command.serial));
  }

  /** There are no receipts to show. */
  maxRead(subscription: Subscription, { serial }: CommandOf<"conversation.maxRead">): void {
    const marks = { conversationId: this.#state.facts.id, deliveredAt: undefined, readAt: undefined };
    this.#replier.reply(subscription, serial, replies.maxRead(serial, marks));
  }
}

type Handlers = {
  [Name in ConversationCommandName]?: (
    commands: ServiceCommands,
    subscription: Subscription,
    command: CommandOf<Name>,
  ) => Promise<void> | void;
};

/** What carries out these commands instead of the handlers of other conversations. */
export const serviceHandlers: Handlers = {
  "conversation.add": (commands, subscription, command) => commands.changeSubscription(subscription, command),
  "conversation.remove": (commands, subscription, command) =>
    commands.changeSubscription(subscription, command),
  "conversation.mute": (commands, subscription, command) => commands.mute(subscription, command),
  "conversation.unmute": (commands, subscription, command) => commands.mute(subscription, command),
  "conversation.count": (commands, subscription, command) => commands.count(subscription, command),
  "message.acknowledge": (commands, subscription, command) => commands.acknowledge(subscription, command),
  read: (commands, subscription, command) => commands.read(subscription, command),
  "conversation.maxRead": (commands, subscription, command) => commands.maxRead(subscription, command),
};
