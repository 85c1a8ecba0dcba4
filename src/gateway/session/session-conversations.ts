import { SUBSCRIPTIONS_OPENING, SUBSCRIPTIONS_PAUSED } from "../../bounds.ts";
import { type ConversationCommand, refusalWithoutConversation } from "../../conversation/commands.ts";
import { isConversationId } from "../../conversation/messages/ids.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import {
  linkClose,
  type OpenedSubscription,
  type OpenSessions,
  type SessionReport,
} from "../../protocol/link-controls.ts";
import { type LinkRecord, readRecords } from "../../protocol/link-records.ts";
import { CatchUpDeadline } from "./catch-up-deadline.ts";
import { type CatchUpOwner, CatchUpQueue, type WakeRecord } from "./catch-up-queue.ts";
import type { ClientSender } from "./client-sender.ts";
import { ConversationSubscription, type SubscriptionOwner } from "./conversation-subscription.ts";
import { type Forwarded, forwardingOf } from "./forwarding.ts";
import { type LinkOutcome, type OpeningLinkEvents, openLink } from "./link-socket.ts";
import type { PendingRequests } from "./pending-requests.ts";
import type { SeenVersions } from "./seen-versions.ts";
import { type DeliveryServices, SessionDelivery, type SessionLogin } from "./session-delivery.ts";
import { SessionRoom } from "./session-room.ts";
import { SessionSubscriptions } from "./session-subscriptions.ts";
import { type DialServices, SubscriptionDialer } from "./subscription-dialer.ts";

/** What the conversations of a session need of its gateway. */
export interface SubscriptionServices extends DialServices, DeliveryServices {
  subscriptionLimit(): number;
  /** The number of subscriptions changed by this many. */
  subscriptionsChanged(by: number): void;
  /** Something failed that only a new login repairs: the user's socket has to close. */
  broken(): void;
}

/** What the conversations of a session need of it. */
export interface ConversationsOwner {
  report(report: SessionReport): void;
  /** Fewer frames wait for subscriptions than before. */
  progressed(): void;
}

/** Subscriptions over the limit that may be open at once: those that were opening when none could be evicted. */
const SUBSCRIPTIONS_OVER_LIMIT = 16;

/** The conversations of one session: its commands go to them by subscriptions, and their records to its device. */
export class SessionConversations implements SubscriptionOwner, CatchUpOwner {
  readonly #services: SubscriptionServices;
  readonly #session: ConversationsOwner;
  readonly #login: SessionLogin;
  readonly #requests: PendingRequests;
  readonly #subscriptions: SessionSubscriptions;
  readonly #dialer: SubscriptionDialer;
  readonly #delivery: SessionDelivery;
  #isOver = false;
  readonly #catchUpDeadline = new CatchUpDeadline();
  readonly #room: SessionRoom;

  constructor(
    services: SubscriptionServices,
    session: ConversationsOwner,
    login: SessionLogin,
    requests: PendingRequests,
    client: ClientSender,
    seenVersions: SeenVersions,
  ) {
    this.#services = services;
    this.#session = session;
    this.#login = login;
    this.#requests = requests;
    this.#subscriptions = new SessionSubscriptions((by) => services.subscriptionsChanged(by));
    this.#dialer = new SubscriptionDialer(services, (report) => session.report(report));
    const isInUse = (conversationId: string) => this.#subscriptions.hasSubscription(conversationId);
    this.#room = new SessionRoom(
      (report) => session.report(report),
      (conversationId) => {
        const last = this.#subscriptions.get(conversationId);
        if (last instanceof ConversationSubscription) last.leave();
      },
    );
    this.#delivery = new SessionDelivery(login, services, client, seenVersions, isInUse);
  }

  /** Whether commands wait for a catch-up, or for a subscription. */
  get isWaiting(): boolean {
    return this.#subscriptions.isWaiting;
  }

  /** Forwards a command to the conversations that it names. */
  handle(command: ConversationCommand, frame: Uint8Array): void {
    if (command.name === "message.acknowledge") {
      this.#requests.refuseUnsent(command, { error: "UNSUPPORTED_COMMAND" }); // no SDK expects an answer
      if (!this.#delivery.acknowledged(command)) return;
    }
    const { request, answers, parts } = forwardingOf(command, frame, this.#login);
    this.#requests.add(request, answers);
    if (parts.length === 0) this.#requests.refuse(request, "CONVERSATION_NOT_FOUND");
    for (const { conversationId, ...forwarded } of parts) this.#toConversation(conversationId, forwarded);
  }

  #toConversation(conversationId: string, forwarded: Forwarded): void {
    if (!isConversationId(conversationId))
      return this.refuse(forwarded, refusalWithoutConversation(forwarded.command, conversationId));
    const known = this.#subscriptions.get(conversationId);
    if (known instanceof CatchUpQueue) known.send(forwarded);
    else if (known !== undefined || this.#subscriptions.opening < SUBSCRIPTIONS_OPENING) {
      this.#subscriptionTo(conversationId).send(forwarded);
    } else this.refuse(forwarded, "MESSAGE_SENT_QUOTA_EXCEEDED");
  }

  /** The subscription to a conversation, opened if there is none: for that, another one may be evicted (L1, L4). */
  #subscriptionTo(conversationId: string, enters = false): ConversationSubscription {
    const known = this.#subscriptions.get(conversationId);
    let subscription = known instanceof ConversationSubscription ? known : undefined;
    if (subscription === undefined) {
      this.#subscriptions.makeRoom(1, this.#services.subscriptionLimit());
      subscription = new ConversationSubscription(this, conversationId);
      if (enters) subscription.enter();
      // Any call before may have ended the session.
      if (this.#isOver) {
        subscription.close(linkClose.LOST);
        return subscription;
      }
      this.#subscriptions.addSubscription(subscription);
      subscription.open();
    }
    this.#subscriptions.used(subscription);
    return subscription;
  }

  /** Refuses all commands that wait or have no answer yet. */
  refusePending(): void {
    for (const subscription of this.#subscriptions.subscriptions()) subscription.refusePending();
    for (const catchUp of this.#subscriptions.catchUps()) {
      for (const forwarded of catchUp.takeFrames()) this.refuse(forwarded, "INTERNAL_ERROR");
    }
  }

  /** The session is over. @param code the code with which the links are closed */
  close(code: number): void {
    this.#isOver = true;
    this.#delivery.close();
    for (const catchUp of this.#subscriptions.catchUps()) catchUp.takeFrames();
    for (const subscription of this.#subscriptions.subscriptions()) subscription.close(code);
    this.#subscriptions.clear();
  }

  // What the client's object sends.

  /** The session is being caught up on these conversations: `caughtUp` follows for each. */
  catchUp(conversationIds: readonly string[]): void {
    for (const conversationId of conversationIds)
      this.#subscriptions.addCatchUp(conversationId, new CatchUpQueue(this, this.#catchUpDeadline));
  }

  /** Some more conversations have answered: commands for the others go on waiting. */
  catchUpProgressed(): void {
    this.#catchUpDeadline.answered(this.now());
  }

  /** The session is caught up on a conversation, up to this entry and this notice, as far as that is known. */
  caughtUp(conversationId: string, head: number | undefined, lastNotice: number | undefined): void {
    const catchUp = this.#subscriptions.get(conversationId);
    const isSubscribed = catchUp instanceof ConversationSubscription && catchUp.isOpen;
    if (head !== undefined) this.#delivery.caughtUp(conversationId, head, lastNotice ?? 0, isSubscribed);
    if (!(catchUp instanceof CatchUpQueue)) return;
    this.#subscriptions.removeCatchUp(conversationId);
    for (const wake of catchUp.takeWakes()) this.wake(wake);
    for (const forwarded of catchUp.takeFrames()) this.#subscriptionTo(conversationId).send(forwarded);
  }

  /** The inbox has the conversation: records that arrive by a subscription leave no other trace (I4). */
  noted(conversationId: string, sessions: OpenSessions): void {
    this.#dialer.noted(conversationId, sessions);
  }

  /**
   * A conversation has something new for a session without a subscription: the session subscribes, from its own
   * positions on (L1). What is in no log comes with the wake, and is delivered after that.
   */
  wake(wake: WakeRecord): void {
    const { conversationId } = wake;
    const known = this.#subscriptions.get(conversationId);
    if (known instanceof CatchUpQueue) return known.hold(wake);
    this.#delivery.woken(conversationId, wake);
    if (known === undefined) this.#dialer.woken(conversationId);
    this.#subscriptionTo(conversationId).wake(readRecords(wake.payload));
  }

  /** The session is in this room: as its creator, or since it was there when it was lost. */
  enterRoom(conversationId: string): void {
    this.#room.entered(conversationId);
    const known = this.#subscriptions.get(conversationId);
    if (!(known instanceof ConversationSubscription)) this.#subscriptionTo(conversationId, true);
    else if (!known.isPresent) {
      known.enter();
      known.resync();
    }
  }

  /** A message that the client missed while it was offline (Y-02). */
  receiveMissed(conversationId: string, payload: Uint8Array): void {
    this.#delivery.deliverMissed(conversationId, payload);
  }

  /** Unread counts of several conversations. */
  receiveUnread(payload: Uint8Array): void {
    // Subscriptions that are opening may bring messages that this list does not count.
    this.#delivery.deliverUnread(payload, this.#subscriptions.opening === 0);
  }

  // What the subscriptions ask and report.

  now(): number {
    return this.#services.now();
  }

  timer(milliseconds: number, run: () => void): () => void {
    return this.#services.timer(milliseconds, run);
  }

  openLink(conversationId: string, isPresent: boolean, events: OpeningLinkEvents): Promise<LinkOutcome> {
    const { capabilities: _, ...login } = this.#login;
    const lacked = this.#delivery.lackedIn(conversationId);
    const request = { ...login, ...lacked, conversationId, isPresent, sessions: undefined, relay: undefined };
    return openLink(this.#dialer.dial, request, events);
  }

  settleWakes(conversationId: string, opened: OpenedSubscription): boolean {
    return this.#delivery.settleWakes(conversationId, opened);
  }

  replayed(conversationId: string, opened: OpenedSubscription): boolean {
    return this.#delivery.replayed(conversationId, opened);
  }

  receive(conversationId: string, records: LinkRecord[]): void {
    for (const record of records) this.#receive(conversationId, record);
    this.#delivery.deliveredAll(conversationId);
  }

  #receive(conversationId: string, record: LinkRecord): void {
    if (record.kind === "reply") {
      if (record.accepted) this.#delivery.accepted(conversationId, record.accepted, this.#room.current);
      return this.#requests.takeReply(record);
    }
    const isEarly = this.#delivery.deliver(conversationId, record, this.#subscriptions.hasEverything);
    if (isEarly) this.#resync(conversationId);
  }

  tooFarBehind(): void {
    this.#services.broken();
  }

  /** An entry before this one never arrived: replays the log after the session's position (L7). */
  #resync(conversationId: string): void {
    const known = this.#subscriptions.get(conversationId);
    if (known instanceof ConversationSubscription) known.resync();
    else this.#subscriptionTo(conversationId);
  }

  presenceChanged({ conversationId }: ConversationSubscription, isPresent: boolean, isRoom: boolean): void {
    if (!isRoom) return;
    if (isPresent) this.#room.entered(conversationId);
    else this.#room.left(conversationId);
  }

  shown(conversationId: string, upTo: number): void {
    this.#delivery.sawEntry(conversationId, upTo);
  }

  subscribed(subscription: ConversationSubscription): void {
    this.#subscriptions.opened(subscription);
    const limit = this.#services.subscriptionLimit();
    if (this.#subscriptions.size > limit + SUBSCRIPTIONS_OVER_LIMIT) this.#subscriptions.makeRoom(0, limit);
    queueMicrotask(() => this.#session.progressed()); // the frames that wait for it are sent in this turn
  }

  unsubscribed(conversationId: string): void {
    this.#session.report({ type: "unsubscribed", conversationId });
  }

  reopening(subscription: ConversationSubscription): void {
    this.#subscriptions.reopening(subscription);
    // A single conversation that fails concerns only itself. If so many fail, the fault is the socket's or the
    // server's.
    if (subscription.isPaused && this.#subscriptions.paused > SUBSCRIPTIONS_PAUSED)
      queueMicrotask(() => this.#services.broken());
  }

  closed(subscription: ConversationSubscription, rest: Forwarded[], events: LinkRecord[] | undefined): void {
    const { conversationId } = subscription;
    this.#subscriptions.removeSubscription(subscription);
    if (events === undefined) this.#room.left(conversationId);
    else this.#subscriptionTo(conversationId, this.#room.current === conversationId).wake(events);
    for (const forwarded of rest) this.#toConversation(conversationId, forwarded);
    this.#session.progressed();
  }

  refuse({ command }: Forwarded, error: ErrorName): void {
    this.#requests.refuse(command, error);
  }
}
