import type { EventOutbox } from "../hooks/events/event-outbox.ts";
import { loggableError } from "../loggable-error.ts";
import type { Will } from "../model/records.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { Refused } from "../protocol/outcome.ts";
import type { HistoryMessage } from "../protocol/replies.ts";
import { type CommandHandling, handlersOf } from "./command-handlers.ts";
import { CommandQueue, type CommandQueueHost } from "./command-queue.ts";
import type { ConversationCommand, ConversationCommandName } from "./commands.ts";
import { type CatchUp, type CatchUpRequest, catchUp } from "./conversation-catch-up.ts";
import type { Outbox } from "./copy/outbox.ts";
import type { Delivery } from "./delivery/delivery.ts";
import type { Subscription } from "./delivery/subscription.ts";
import { EventRecorder, type EventRecorderHost } from "./event-recorder.ts";
import type { HistoryRequest } from "./log/history-pages.ts";
import { Membership } from "./membership/membership.ts";
import { MembershipCommands } from "./membership/membership-commands.ts";
import { Reads, type ReadsHost } from "./membership/reads.ts";
import { Receipts } from "./membership/receipts.ts";
import { History, type HistoryHost } from "./messages/history.ts";
import { Messages, type MessagesHost } from "./messages/messages.ts";
import { Patches, type PatchesHost } from "./messages/patches.ts";
import type { SendOutcome } from "./messages/sender-replies.ts";
import type { ChangeThere } from "./mirror/change-there.ts";
import type { HostedMessage } from "./mirror/mirror-host.ts";
import type { MissedNotices } from "./notices.ts";
import { PermissionChanges } from "./permissions/permission-changes.ts";
import { PermissionCommands } from "./permissions/permission-commands.ts";
import { PolicyChecks, type PolicyHost } from "./policy.ts";
import { OfflinePushes, type OfflinePushesHost } from "./push/offline-pushes.ts";
import { Replier } from "./replier.ts";
import type { Downstream } from "./room/downstream.ts";
import { Presence } from "./room/presence.ts";
import { RoomCommands } from "./room/room-commands.ts";
import type { MessageLocation, PatchByServer, ServerMessage } from "./server-calls.ts";
import type { AnnouncementsHost } from "./service/announcements.ts";
import type { Answer, Asked, ServiceCall } from "./service/service-calls.ts";
import { catchUpWithService } from "./service/service-catch-up.ts";
import { serviceHandlers } from "./service/service-commands.ts";
import { answerCall, type ServiceParts, serviceParts } from "./service/service-parts.ts";
import { unreadInService } from "./service/service-unread.ts";
import type { SubscribingHost } from "./service/subscribing.ts";
import type { ConversationState } from "./state.ts";

export interface ConversationHost
  extends Omit<MessagesHost, "sendToEverybody">,
    HistoryHost,
    PatchesHost,
    PolicyHost,
    EventRecorderHost,
    Omit<OfflinePushesHost, "resumeAfter" | "stillNewTo">,
    SubscribingHost,
    AnnouncementsHost,
    ReadsHost,
    CommandQueueHost {}

/** The rules of one conversation: who may do what, what it changes, and who is notified. */
export class Conversation {
  readonly membership: Membership;
  readonly permissions: PermissionChanges;
  readonly reads: Reads;
  readonly receipts: Receipts;
  readonly recorder: EventRecorder;
  readonly pushes: OfflinePushes;
  /** Of a service conversation alone. */
  readonly #service: ServiceParts | undefined;
  readonly presence: Presence;
  readonly downstream: Downstream;
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #host: ConversationHost;
  readonly #replier: Replier;
  readonly #policy: PolicyChecks;
  readonly #messages: Messages;
  readonly #patches: Patches;
  readonly #history: History;
  readonly #handling: CommandHandling;
  readonly #queue: CommandQueue;

  /** @param subscriptions those that survived hibernation */
  constructor(
    state: ConversationState,
    delivery: Delivery,
    subscriptions: Iterable<Subscription>,
    outbox: Outbox,
    events: EventOutbox,
    downstream: Downstream,
    host: ConversationHost,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#host = host;
    const replier = new Replier(delivery);
    const policy = new PolicyChecks(state, host);
    const pushedUpTo = [...subscriptions].map((each) => each.pushedUpTo ?? 0);
    this.pushes = new OfflinePushes(state, delivery, Math.max(0, ...pushedUpTo), {
      now: () => host.now(),
      rowsAreFree: host.rowsAreFree,
      pushNow: (event) => host.pushNow(event),
      publish: (offline) => host.publish(offline),
      resumeAfter: (delay) => host.publishAfter(delay),
      stillNewTo: (message, clientIds) => this.stillNewTo(message, clientIds),
    });
    const recorder = new EventRecorder(state, delivery, events, this.pushes, host);
    const receipts = new Receipts(state, delivery, replier, subscriptions, () => host.now());
    this.reads = new Reads(state, delivery, replier, receipts, host);
    this.downstream = downstream;
    const messages = new Messages(state, delivery, replier, policy, recorder, downstream, {
      ...host,
      sendToEverybody: (record) => void this.#service?.announcements.sendNow(record),
    });
    const flush = () => this.flush();
    const membership = new Membership(state, delivery, outbox, {
      now: () => host.now(),
      archiveSoon: () => host.archiveSoon(),
      limits: () => host.settings().limits,
      recordEvent: (event) => recorder.record(event),
    });
    const rules = () => host.settings().security;
    this.recorder = recorder;
    this.receipts = receipts;
    this.membership = membership;
    this.#replier = replier;
    this.#policy = policy;
    this.#messages = messages;
    this.#patches = new Patches(state, delivery, replier, policy, recorder, downstream, flush, host);
    this.#history = new History(state, delivery, receipts, replier, host);
    const members = new MembershipCommands(state, membership, policy, replier, flush, rules, () =>
      host.now(),
    );
    this.permissions = new PermissionChanges(state, delivery, membership, outbox, {
      now: () => host.now(),
      archiveSoon: () => host.archiveSoon(),
      limits: () => host.settings().limits,
      hasRoles: () => host.settings().security.memberRoles,
      blocked: (clientIds) => this.#service?.subscribing.end(clientIds),
    });
    const permissions = new PermissionCommands(state, this.permissions, policy, replier, flush, rules);
    this.presence = new Presence(delivery, () => host.now());
    const room = new RoomCommands(state, delivery, this.presence, policy, replier);
    this.#handling = {
      messages,
      history: this.#history,
      patches: this.#patches,
      receipts,
      reads: this.reads,
      members,
      permissions,
      room,
      replier,
    };
    this.#service = serviceParts(state, delivery, policy, replier, {
      ...host,
      now: () => host.now(),
      deleteMessage: (location) => this.deleteMessage(location),
    });
    this.#queue = new CommandQueue((subscription, command) => this.#run(subscription, command), host);
  }

  /** Carries out a session's command under the identity of its subscription; ids in the frame do not count (L8). */
  handle(subscription: Subscription, command: ConversationCommand): Promise<void> {
    return this.#queue.add(subscription, command);
  }

  /** As `handle`, for commands that arrived together: their messages share a commit, their replies a frame. */
  async handleAll(subscription: Subscription, commands: readonly ConversationCommand[]): Promise<void> {
    const handled = () => commands.map((command) => this.handle(subscription, command));
    if (commands.length === 1) await Promise.all(handled());
    else await Promise.all(this.#delivery.together(() => this.#messages.together(handled)));
  }

  async #run(subscription: Subscription, command: ConversationCommand): Promise<void> {
    const { isDeleted, rules } = this.#state;
    const refusal = isDeleted ? "CONVERSATION_NOT_FOUND" : rules.refusals[command.name];
    if (refusal !== undefined) return this.#replier.refuse(subscription, command.serial, refusal);
    try {
      await this.#dispatch(command.name, subscription, command);
    } catch (error) {
      console.error(`${command.name}:`, loggableError(error));
      this.#replier.refuse(subscription, command.serial, "CONVERSATION_INTERNAL_ERROR");
    }
  }

  #dispatch<Name extends ConversationCommandName>(
    name: Name,
    subscription: Subscription,
    command: CommandOf<Name>,
  ): Promise<void> | void {
    if (name !== "message.send") this.#messages.flush(); // commands of one client take effect in order
    this.reads.flushBefore(name, subscription.clientId);
    const ofService = this.#service && serviceHandlers[name];
    if (this.#service !== undefined && ofService !== undefined)
      return ofService(this.#service.commands, subscription, command);
    return handlersOf(this.#state.facts.kind)[name](this.#handling, subscription, command);
  }

  /** Whether a client is a member, subscribed, or present. */
  async isMember(clientId: string): Promise<boolean> {
    if (this.#state.rules.isRoom) return this.presence.isPresent(clientId);
    return this.#state.isMember(clientId);
  }

  /** A message of the app's server (http-api §2.2). */
  async sendAsServer(message: ServerMessage): Promise<SendOutcome> {
    const outcome = await this.#messages.sendAsServer(message);
    if (message.to?.name === "everybody") await this.#service?.announcements.begin();
    return outcome;
  }

  /** Goes on with broadcasts to everybody. Never rejects. */
  async announce(): Promise<void> {
    await this.#service?.announcements.run();
  }

  /** A message that was sent at LeanCloud; see `Messages.addFromThere`. */
  addFromThere(message: HostedMessage): number | undefined {
    return this.#messages.addFromThere(message);
  }

  /** An edit or recall by the app's server (http-api §2.1). */
  patchByServer(patch: PatchByServer): undefined | Refused {
    this.#messages.flush();
    return this.#patches.patchByServer(patch);
  }

  /** An edit or recall that was made at LeanCloud. */
  patchFromThere(change: ChangeThere): void {
    this.#messages.flush();
    this.#patches.patchFromThere(change);
  }

  /** Carries out a call of the app's server that only a service has. */
  async callService<Name extends ServiceCall>(name: Name, asked: Asked<Name>): Promise<Answer<Name>> {
    if (this.#service === undefined) return { refused: "SYSTEM_CONVERSATION_REQUIRED" };
    this.#messages.flush();
    return answerCall(this.#service, name, asked);
  }

  deleteMessage(location: MessageLocation): undefined | Refused {
    this.#messages.flush();
    return this.#patches.delete(location);
  }

  /** Stores what was accepted and waits: messages and reads. */
  flush(): void {
    this.#messages.flush();
    this.reads.flush();
  }

  /** A page of history that this viewer may see; without a viewer, for the app's server (http-api §3). */
  async history(request: HistoryRequest, viewer: string | undefined): Promise<HistoryMessage[]> {
    this.#messages.flush();
    return this.#history.page(request, viewer);
  }

  /**
   * Number of unread messages from others (Y-22); undefined for a client that is not a member.
   *
   * @param globalsAfter broadcasts to everybody after this time (ms) count; by default those after the first that it read
   */
  unread(clientId: string, globalsAfter?: number): number | undefined {
    this.#messages.flush();
    this.reads.flushOf([clientId]);
    const { service } = this.#state;
    if (service !== undefined)
      return unreadInService(this.#state, service, clientId, this.#host.now(), globalsAfter).count;
    const member = this.#state.members.get(clientId);
    return member && this.#state.log.unread(clientId, member.readCursor).count;
  }

  /** The clients among these that may see a message and have not read it; none if it is recalled or deleted. */
  stillNewTo(
    { timestamp, messageId }: Omit<MessageLocation, "from">,
    clientIds: readonly string[],
  ): string[] {
    this.#messages.flush();
    this.reads.flushOf(clientIds);
    const { log, members, service } = this.#state;
    const message = log.find(timestamp, messageId);
    if (message === undefined || message.recalled || message.deleted) return [];
    const cursorOf = (clientId: string) =>
      service === undefined ? members.get(clientId)?.readCursor : service.readers.get(clientId).readCursor;
    return clientIds.filter((clientId) => (cursorOf(clientId) ?? timestamp) < timestamp);
  }

  /**
   * Called when a client logs in whose inbox names this conversation. Undefined if it names another temporary one of the
   * same members.
   */
  catchUp(clientId: string, request: CatchUpRequest): CatchUp | undefined {
    if (request.conversationId !== this.#state.facts.id) return undefined;
    this.#messages.flush();
    this.reads.flushOf([clientId]);
    const [state, delivery] = [this.#state, this.#delivery];
    if (state.service !== undefined)
      return catchUpWithService(clientId, request, { state, service: state.service, delivery });
    return catchUp(clientId, request, { state, delivery, settings: this.#host.settings() });
  }

  /** The events other than messages that a client missed after a time. */
  missedNotices(clientId: string, after: number): MissedNotices {
    const { notices, facts, rules } = this.#state;
    const isMember = this.#state.isMember(clientId);
    const query = { after, conversationId: facts.id, isMember, seesLists: !rules.isService };
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
