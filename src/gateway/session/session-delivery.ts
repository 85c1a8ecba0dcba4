import { timeOfMessageId } from "../../conversation/messages/ids.ts";
import type { Meter } from "../../metrics/meter.ts";
import * as clientEvents from "../../protocol/client-events.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { OpenedSubscription, SubscriptionRequest } from "../../protocol/link-controls.ts";
import { catchUpModes } from "../../protocol/link-controls.ts";
import type { LinkRecord, LogPosition, WakePositions } from "../../protocol/link-records.ts";
import { isTemporaryId } from "../../protocol/temporary-ids.ts";
import type { ClientSender } from "./client-sender.ts";
import { ProgressTable } from "./progress-table.ts";
import type { SeenVersions } from "./seen-versions.ts";
import { UnacknowledgedMessages } from "./unacknowledged-messages.ts";

/** A login, as the conversations of its session see it. */
export interface SessionLogin
  extends Omit<
    SubscriptionRequest,
    "conversationId" | "since" | "noticesAfter" | "sessions" | "isPresent" | "relay"
  > {
  /** Capability bits of the device (wire §4.1). */
  capabilities: number;
}

/** What deliveries need of the user's socket. */
export interface DeliveryServices {
  now(): number;
  timer(milliseconds: number, run: () => void): () => void;
  meter: Meter;
  /** A message is sent to this client. */
  sendingMessage(clientId: string, payload: Uint8Array): void;
}

const kindOf = (conversationId: string) =>
  isTemporaryId(conversationId) ? "messages.temporary" : "messages.chat";

/** Capability bit: the device can show patches. */
const SHOWS_PATCHES = 1;

/**
 * Delivers the records of conversations to the device of one session: each once, however often it comes (L6), and in a
 * form that the device can show.
 */
export class SessionDelivery {
  readonly #login: SessionLogin;
  readonly #services: DeliveryServices;
  readonly #client: ClientSender;
  readonly #seenVersions: SeenVersions;
  readonly #progress: ProgressTable;
  /** Messages since the last count, and the last entry of the conversation since it was last noted as seen. */
  #messages = 0;
  #entry: number | undefined;
  /** Only of `.1` devices. */
  readonly #unacknowledged: UnacknowledgedMessages | undefined;

  /** @param isInUse whether the progress in a conversation must not be forgotten */
  constructor(
    login: SessionLogin,
    services: DeliveryServices,
    client: ClientSender,
    seenVersions: SeenVersions,
    isInUse: (conversationId: string) => boolean,
  ) {
    this.#login = login;
    this.#services = services;
    this.#client = client;
    this.#seenVersions = seenVersions;
    this.#progress = new ProgressTable(isInUse);
    if (login.mode !== catchUpModes.MESSAGES) return;
    const send = (payload: Uint8Array) => client.sendEvent(payload);
    const timer = (milliseconds: number, run: () => void) => services.timer(milliseconds, run);
    this.#unacknowledged = new UnacknowledgedMessages(
      { now: () => services.now(), send, timer },
      login.clientId,
    );
  }

  /** From where on the session may lack entries and notices of a conversation. */
  lackedIn(conversationId: string): WakePositions & { isSinceWake?: boolean } {
    return this.#progress.get(conversationId)?.lacked ?? { since: undefined, noticesAfter: undefined };
  }

  /**
   * The session is caught up on the conversation, up to this entry, which is 0 if its log is empty, and this notice. If
   * it has a position, it goes on from there: what came since may be on its way. But a conversation that was asked twice
   * has counted what came between, and a device that gets counts would count that again.
   *
   * @param isSubscribed whether a subscription is open, which brings what it has to bring
   */
  caughtUp(conversationId: string, head: number, lastNotice: number, isSubscribed: boolean): void {
    const progress = this.#progress.use(conversationId);
    progress.isCaughtUp = true;
    if (progress.position === undefined) {
      progress.advance(head);
      progress.skipNotices(lastNotice);
    } else if (!isSubscribed && this.#login.mode === catchUpModes.COUNTS) progress.advance(head);
    if (head > 0) this.sawEntry(conversationId, head);
  }

  woken(conversationId: string, positions: WakePositions): void {
    this.#progress.use(conversationId).wokenFor(positions);
  }

  /** Forgets what the session was woken for, if the replay of a subscription has it. Returns whether it has. */
  settleWakes(conversationId: string, opened: OpenedSubscription): boolean {
    return this.#progress.use(conversationId).settleWakes(opened);
  }

  /** The replay of a subscription was delivered. Returns whether it reached the end of the log. */
  replayed(conversationId: string, { head, lastNotice }: OpenedSubscription): boolean {
    const progress = this.#progress.use(conversationId);
    progress.replayed(head, lastNotice);
    return (progress.position ?? 0) >= head;
  }

  /**
   * Records of a conversation were delivered: counts the messages, and what the session has seen. Once for many, since
   * it costs as much as delivering one.
   */
  deliveredAll(conversationId: string): void {
    if (this.#messages > 0) this.#services.meter.delivered(this.#messages);
    this.#messages = 0;
    if (this.#entry !== undefined) this.sawEntry(conversationId, this.#entry);
    this.#entry = undefined;
  }

  /** The session has seen, or is about to see, the conversation up to this entry. */
  sawEntry(conversationId: string, upTo: number): void {
    this.#seenVersions.sawEntry(conversationId, upTo, this.#services.now());
  }

  /**
   * Delivers one record. Call `deliveredAll` in the same turn, after the last.
   *
   * @param hasEverything whether nothing else of the session waits for a catch-up or for a paused subscription
   * @returns whether it cannot be delivered yet, because an entry before it never arrived (L6.2)
   */
  deliver(conversationId: string, record: LinkRecord, hasEverything: boolean): boolean {
    switch (record.kind) {
      case "stored":
        return this.#deliverStored(conversationId, record);
      case "notice":
        this.#deliverNotice(conversationId, record);
        return false;
      case "event":
        this.#client.sendEvent(record.payload);
        return false;
      case "correction":
        if (this.#showsPatches) this.#client.sendEvent(record.payload);
        return false;
      case "unread":
        if (this.#needsCount(conversationId, record)) {
          this.#progress.use(conversationId).addCount(record);
          this.sawEntry(conversationId, record.upTo);
          // Otherwise, this is not the whole list of unread conversations (Y-19).
          this.deliverUnread(record.payload, hasEverything);
        }
        return false;
      default:
        return false;
    }
  }

  /** Sends unread counts. @param isComplete whether the device has everything up to the time that they name */
  deliverUnread(payload: Uint8Array, isComplete: boolean): void {
    const report = isComplete ? payload : clientEvents.unreadSoFar(payload);
    if (this.#login.mode === catchUpModes.COUNTS) this.#client.sendEvent(report);
  }

  /** A message that the client missed while it was offline (Y-02). */
  deliverMissed(conversationId: string, payload: Uint8Array): void {
    this.#services.meter.delivered(1);
    this.#deliverMessage(conversationId, payload);
  }

  /** The session's own message was stored here. It moves the position, unless an earlier entry has not arrived yet. */
  accepted(conversationId: string, position: LogPosition, room: string | undefined): void {
    const kind = conversationId === room ? "messages.room" : kindOf(conversationId);
    this.#services.meter.message(kind, conversationId);
    this.sawEntry(conversationId, position.timestamp);
    const progress = this.#progress.get(conversationId);
    if (progress?.position === undefined || progress.classify(position) !== "next") return;
    this.#progress.use(conversationId).advance(position.timestamp);
  }

  /**
   * Messages need not be sent to the device again. Returns whether the conversation wants the acknowledgement, as far as
   * is known: in a large group, one of each message would cost more than the message itself.
   */
  acknowledged({ conversationId, messageId, to }: CommandOf<"message.acknowledge">): boolean {
    if (conversationId === undefined) return false;
    const upTo = to ?? (messageId === undefined ? undefined : timeOfMessageId(messageId));
    if (upTo !== undefined) this.#unacknowledged?.acknowledged(conversationId, upTo);
    return this.#progress.get(conversationId)?.wantsAcknowledgements ?? true;
  }

  /** The session is over. */
  close(): void {
    this.#unacknowledged?.close();
  }

  get #showsPatches(): boolean {
    return (this.#login.capabilities & SHOWS_PATCHES) !== 0;
  }

  #deliverStored(conversationId: string, record: LinkRecord & { kind: "stored" }): boolean {
    const { timestamp, origin, traits, payload } = record;
    const order = this.#progress.get(conversationId)?.classify(record) ?? "next";
    if (order !== "next") return order === "gap";
    const progress = this.#progress.use(conversationId);
    if (timestamp <= this.#login.admittedAt) progress.hasOldMessages = true;
    this.#entry = timestamp;
    progress.advance(timestamp);
    if (origin === this.#login.origin || payload.length === 0) return false;
    if (traits.patch) {
      if (this.#showsPatches) this.#client.sendEvent(payload);
      return false;
    }
    progress.countedByDevice(timestamp);
    const isAcknowledged = traits.acknowledge || this.#login.mode === catchUpModes.MESSAGES;
    progress.wantsAcknowledgements = isAcknowledged && !traits.unconfirmed;
    this.#messages += 1;
    if (traits.unconfirmed) this.#client.sendUnconfirmed(payload);
    else this.#deliverMessage(conversationId, payload);
    return false;
  }

  #deliverMessage(conversationId: string, payload: Uint8Array): void {
    this.#unacknowledged?.sent(conversationId, payload);
    this.#services.sendingMessage(this.#login.clientId, payload);
    this.#client.sendEvent(payload);
  }

  #deliverNotice(conversationId: string, { at, payload }: LinkRecord & { kind: "notice" }): void {
    if (this.#progress.get(conversationId)?.hasNotice(at)) return;
    this.#progress.use(conversationId).addNotice(at);
    this.#seenVersions.sawChange(conversationId, Math.floor(at), this.#services.now());
    if (payload.length > 0) this.#client.sendEvent(payload);
  }

  /**
   * Whether the session needs this unread count. A count that changed before the login was sent at the login, if the
   * inbox had the conversation then: one that the client came back to just before may not have been in it. Nor was the
   * count sent if it was 0; then messages of that time that arrived since were counted by the device, read or not.
   */
  #needsCount(conversationId: string, count: LinkRecord & { kind: "unread" }): boolean {
    const progress = this.#progress.get(conversationId);
    if (count.upTo < (progress?.position ?? 0) || progress?.isStale(count)) return false;
    if (progress?.hasOldMessages) {
      progress.hasOldMessages = false;
      return true;
    }
    // In the same millisecond, the login may have been first.
    return !progress?.isCaughtUp || count.changedAt >= this.#login.admittedAt;
  }
}
