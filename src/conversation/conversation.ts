import type { EventOutbox } from "../hooks/event-outbox.ts";
import { loggableError } from "../loggable-error.ts";
import type { Will } from "../model/records.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { Refused } from "../protocol/outcome.ts";
import type { HistoryMessage } from "../protocol/replies.ts";
import { pushPolicyBy } from "../settings/schema.ts";
import type { CatchUp, CatchUpRequest } from "./catch-up.ts";
import { ClientQueue } from "./client-queue.ts";
import type { ConversationCommand } from "./commands.ts";
import type { Delivery } from "./delivery.ts";
import type { Subscription } from "./delivery-state.ts";
import { type Draft, isPushedBy } from "./draft.ts";
import { EventRecorder, type EventRecorderHost } from "./event-recorder.ts";
import type { HistoryRequest } from "./history-pages.ts";
import { Membership } from "./membership.ts";
import { Messages, type MessagesHost } from "./messages.ts";
import type { MissedEvent } from "./notices.ts";
import type { Outbox } from "./outbox.ts";
import { Patches } from "./patches.ts";
import { APPROVED_AS_SENT, type Approved, PolicyChecks, type PolicyHost } from "./policy.ts";
import { Receipts } from "./receipts.ts";
import { NO_ORIGIN } from "./replay.ts";
import { Replier } from "./replier.ts";
import type { MessageLocation, PatchByServer, ServerMessage } from "./server-calls.ts";
import type { ConversationState, Member } from "./state.ts";
import { historyVisibleFrom } from "./visibility.ts";

/** Missed messages sent per conversation at a login (L-09). */
const MISSED_MAX = 20;
/** Edits and recalls of one conversation sent at a login: the newest, since SDKs never ask for older ones again. */
const PATCHES_MAX = 1_000;

export interface ConversationHost extends MessagesHost, PolicyHost, EventRecorderHost {
  /** Fetches the settings if they may be stale; undefined if they are fresh. Never rejects. */
  refreshSettings(): Promise<unknown> | undefined;
}

/** Commands whose result depends on the app's settings, and which must not use stale ones. */
function dependsOnSettings({ name }: ConversationCommand): boolean {
  return ["conversation.add", "conversation.count", "message.history", "message.patch"].includes(name);
}

/** The rules of one conversation: who may do what, what it changes, and who is notified. */
export class Conversation {
  readonly membership: Membership;
  readonly receipts: Receipts;
  readonly recorder: EventRecorder;
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #replier: Replier;
  readonly #messages: Messages;
  readonly #patches: Patches;
  readonly #policy: PolicyChecks;
  readonly #queue = new ClientQueue();
  readonly #host: ConversationHost;
  /** Commands that wait for fresh settings, in order; undefined if none do. */
  #backlog: { subscription: Subscription; command: ConversationCommand }[] | undefined;

  /** @param subscriptions those that survived hibernation */
  constructor(
    state: ConversationState,
    delivery: Delivery,
    subscriptions: Iterable<Subscription>,
    outbox: Outbox,
    events: EventOutbox,
    host: ConversationHost,
  ) {
    this.#host = host;
    this.#state = state;
    this.#delivery = delivery;
    this.#replier = new Replier(delivery);
    this.receipts = new Receipts(state, delivery, subscriptions, () => host.now());
    this.recorder = new EventRecorder(state, delivery, events, host);
    this.#policy = new PolicyChecks(state, host);
    const { recorder } = this;
    this.#messages = new Messages(state, delivery, this.receipts, this.#replier, host, (message, about) =>
      recorder.recordSent(message, about),
    );
    this.#patches = new Patches(state, delivery, this.#replier, host);
    this.membership = new Membership(state, delivery, this.receipts, outbox, this.#replier, {
      now: () => host.now(),
      archiveSoon: () => host.archiveSoon(),
      limits: () => host.settings().limits,
      rules: () => host.settings().security,
      recordEvent: (event) => recorder.record(event),
    });
  }

  /** Carries out a session's command under the identity of its subscription; ids in the frame do not count (L8). */
  async handle(subscription: Subscription, command: ConversationCommand): Promise<void> {
    if (this.#backlog !== undefined) {
      this.#backlog.push({ subscription, command });
      return;
    }
    const needsSettings = command.needsCheck || dependsOnSettings(command);
    const refreshing = needsSettings ? this.#host.refreshSettings() : undefined;
    if (refreshing === undefined) return this.#enqueue(subscription, command);
    // Commands that come meanwhile wait too: they take effect in the order they came (I2).
    this.#backlog = [{ subscription, command }];
    await refreshing;
    const backlog = this.#backlog;
    this.#backlog = undefined;
    await Promise.all(backlog.map((waiting) => this.#enqueue(waiting.subscription, waiting.command)));
  }

  /** A policy check takes time. Meanwhile the next commands of this client queue up, and only those (I2). */
  async #enqueue(subscription: Subscription, command: ConversationCommand): Promise<void> {
    const { clientId } = subscription;
    if (!command.needsCheck && !this.#queue.isBusy(clientId)) return this.#attempt(subscription, command);
    return this.#queue.run(clientId, () => this.#attempt(subscription, command));
  }

  async #attempt(subscription: Subscription, command: ConversationCommand): Promise<void> {
    try {
      await this.#carryOut(subscription, command);
    } catch (error) {
      console.error(`${command.name}:`, loggableError(error));
      this.#replier.refuse(subscription, command.serial, "CONVERSATION_INTERNAL_ERROR");
    }
  }

  async #carryOut(subscription: Subscription, command: ConversationCommand): Promise<void> {
    const { serial } = command;
    if (command.name === "message.send") return this.#send(subscription, command);
    this.#messages.flush(); // commands of one client take effect in order
    switch (command.name) {
      case "message.history":
        return this.#messages.history(subscription, command);
      case "message.acknowledge":
        return this.receipts.acknowledge(subscription, command);
      case "message.patch":
        return this.#patch(subscription, command);
      case "read":
        return this.#messages.read(subscription, command);
      case "conversation.add":
      case "conversation.remove":
        return this.#changeMembers(subscription, command);
      case "conversation.update":
        return this.#update(subscription, command);
      case "conversation.mute":
      case "conversation.unmute":
        return this.#mute(subscription, command);
      case "conversation.count":
        return this.membership.count(subscription, serial);
      case "conversation.members":
        return this.#replier.refuse(subscription, serial, "TRANSIENT_CONVERSATION_REQUIRED");
      case "conversation.maxRead":
        return this.membership.maxRead(subscription, command);
    }
  }

  async #send(subscription: Subscription, command: CommandOf<"message.send">): Promise<void> {
    if (!command.needsCheck || this.#messages.isDecided(subscription, command)) {
      return this.#messages.send(subscription, command, APPROVED_AS_SENT);
    }
    const verdict = await this.#policy.checkMessage(subscription, command);
    if ("error" in verdict) return this.#messages.reject(subscription, command.serial, verdict);
    this.#messages.send(subscription, command, verdict);
  }

  async #patch(subscription: Subscription, command: CommandOf<"message.patch">): Promise<void> {
    const patches = this.#patches.ownPatches(command);
    const checked =
      command.needsCheck && this.#patches.refusal(subscription, patches) === undefined ? patches : [];
    const approved: Approved[] = [];
    for (const patch of checked) {
      const outcome = await this.#policy.checkPatch(subscription, patch);
      if ("error" in outcome) return this.#replier.reject(subscription, command.serial, outcome);
      approved.push(outcome);
    }
    this.#messages.flush();
    this.#patches.patch(subscription, command, approved);
  }

  async #changeMembers(
    subscription: Subscription,
    command: CommandOf<"conversation.add" | "conversation.remove">,
  ): Promise<void> {
    const operation = command.name === "conversation.add" ? "add" : "remove";
    if (
      command.needsCheck &&
      this.membership.refusal(operation, subscription, command.members) === undefined
    ) {
      const rejection = await this.#policy.checkMembers(subscription, command);
      if (rejection !== undefined) return this.#replier.reject(subscription, command.serial, rejection);
      this.#messages.flush();
    }
    if (command.name === "conversation.add") return this.membership.add(subscription, command);
    return this.membership.remove(subscription, command);
  }

  async #update(subscription: Subscription, command: CommandOf<"conversation.update">): Promise<void> {
    let { changes } = command;
    if (command.needsCheck && this.#state.members.has(subscription.clientId)) {
      const outcome = await this.#policy.checkUpdate(subscription, { attributes: changes });
      if ("error" in outcome) return this.#replier.reject(subscription, command.serial, outcome);
      if ("attributes" in outcome) changes = outcome.attributes;
      this.#messages.flush();
    }
    return this.membership.update(subscription, command.serial, changes);
  }

  async #mute(
    subscription: Subscription,
    command: CommandOf<"conversation.mute" | "conversation.unmute">,
  ): Promise<void> {
    let mute = command.name === "conversation.mute";
    if (command.needsCheck && this.#state.members.has(subscription.clientId)) {
      const outcome = await this.#policy.checkUpdate(subscription, { mute });
      if ("error" in outcome) return this.#replier.reject(subscription, command.serial, outcome);
      if ("mute" in outcome) mute = outcome.mute;
    }
    return this.membership.mute(subscription, command.serial, mute);
  }

  /** Messages, edits and deletions by the app's server (http-api §2.1, §2.2). */
  async sendAsServer({
    noSync,
    transient,
    ...said
  }: ServerMessage): Promise<{ messageId: string; timestamp: number } | Refused> {
    const draft: Draft = {
      ...said,
      noSync,
      origin: NO_ORIGIN,
      receipt: false,
      address: undefined,
      recipients: undefined,
      changed: undefined,
      isPushed: isPushedBy(pushPolicyBy(this.#host.settings()), said.pushData),
    };
    return this.#messages.sendAsServer(draft, transient);
  }

  patchByServer(patch: PatchByServer): undefined | Refused {
    this.#messages.flush();
    return this.#patches.patchByServer(patch);
  }

  deleteMessage(location: MessageLocation): undefined | Refused {
    this.#messages.flush();
    return this.#patches.delete(location);
  }

  /** A page of history that this viewer may see; without a viewer, for the app's server (http-api §3). */
  async history(request: HistoryRequest, viewer: string | undefined): Promise<HistoryMessage[]> {
    this.#messages.flush();
    return this.receipts.withReceipts(await this.#messages.page(request, viewer));
  }

  /** Number of unread messages from others (Y-22); undefined for a client that is not a member. */
  unread(clientId: string): number | undefined {
    this.#messages.flush();
    const member = this.#state.members.get(clientId);
    return member && this.#state.log.unread(clientId, member.readCursor).count;
  }

  /** The clients among these that may see a message and have not read it; none if it is recalled or deleted. */
  stillNewTo(
    { timestamp, messageId }: Omit<MessageLocation, "from">,
    clientIds: readonly string[],
  ): string[] {
    this.#messages.flush();
    const { log, members } = this.#state;
    const message = log.find(timestamp, messageId);
    if (message === undefined || message.recalled || message.deleted) return [];
    return clientIds.filter((clientId) => (members.get(clientId)?.readCursor ?? timestamp) < timestamp);
  }

  /** Called when a client logs in whose inbox names this conversation. */
  catchUp(clientId: string, { mode, asOf, patchesSince, firstPushAt }: CatchUpRequest): CatchUp {
    this.#messages.flush();
    const { log, facts, notices } = this.#state;
    const member = this.#state.members.get(clientId);
    const { end: head, lastNotice } = this.#state.endAt(asOf);
    this.#delivery.caughtUp(clientId, head, lastNotice);
    const bySubscriptions = this.#delivery.isServedBySubscriptions(clientId);
    const changed = {
      patchedAt: log.patchedAt,
      readAt: member?.readCursorMovedAt ?? 0,
      noticedAt: notices.last,
    };
    if (member === undefined) return { member: false, changed, head, bySubscriptions };
    const from = historyVisibleFrom(this.#host.settings(), member);
    const unread = log.unread(clientId, member.readCursor, head);
    const missed = mode === "push" ? this.#missed(member, head, firstPushAt) : { messages: [], more: false };
    const patches =
      patchesSince === undefined ? [] : log.lastPatchedAfter(clientId, patchesSince, PATCHES_MAX);
    return {
      member: true,
      changed,
      head,
      bySubscriptions,
      kind: facts.kind,
      unread: unread.count,
      mentioned: unread.mentioned,
      lastMessage: unread.count > 0 ? log.lastVisible(head, clientId) : undefined,
      patches: patches.filter(({ patchedAt = 0, timestamp }) => patchedAt <= head && timestamp > from),
      missed: missed.messages,
      more: missed.more,
    };
  }

  /**
   * Messages that no `.1` device acknowledged since the first of them logged in. At that first login, the unread ones.
   */
  #missed(member: Member, head: number, firstPushAt: number | undefined) {
    if (member.pushedAt === undefined) {
      const known = Math.min(member.readCursor, firstPushAt ?? member.readCursor);
      member.pushedAt = Math.max(member.joinedAt, known);
      this.#state.saveDelivered(member);
    }
    return this.#state.log.fromOthers.newest(member.clientId, member.pushedAt, head, MISSED_MAX);
  }

  /** The events other than messages that a client missed after a time, and whether the list is complete. */
  missedNotices(clientId: string, after: number): { events: MissedEvent[]; complete: boolean } {
    const { notices, members, facts } = this.#state;
    const query = { after, conversationId: facts.id, isMember: members.has(clientId) };
    const events = notices.missedBy(clientId, query);
    return { events, complete: notices.reachesBackTo(after) };
  }

  /** Sends a client's will (M-47). Of the app's policy, only the word list applies. */
  async will(from: string, will: Will): Promise<void> {
    await this.#host.refreshSettings();
    const filtered = await this.#policy.filtered(will.content);
    this.#messages.flush();
    this.#messages.will(from, { ...will, content: filtered ?? will.content });
  }
}
