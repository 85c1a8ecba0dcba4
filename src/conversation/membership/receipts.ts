import type { MessageRecord } from "../../model/records.ts";
import * as clientEvents from "../../protocol/client-events.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { catchUpModes } from "../../protocol/link-controls.ts";
import { eventRecord, noticeRecord } from "../../protocol/link-records.ts";
import * as replies from "../../protocol/replies.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { Subscription } from "../delivery/subscription.ts";
import { timeOfMessageId } from "../messages/ids.ts";
import type { Replier } from "../replier.ts";
import type { ConversationState } from "../state.ts";
import { type CursorMoves, coveredAt, reachedAt, withMove } from "./cursor-moves.ts";
import type { Member } from "./members.ts";

/** The largest conversation that has receipts (M-38). */
const MEMBERS_MAX = 2;
/** Delivery receipts per acknowledgement, for its newest messages: it may cover a year of them. */
const RECEIPTS_MAX = 50;

/** Whether a conversation has receipts, and is small enough for them now. */
export function hasReceipts(state: ConversationState): boolean {
  return state.rules.hasReceipts && state.members.size <= MEMBERS_MAX;
}

/**
 * The delivered and read cursors of members, and the receipts for senders (M-37 to M-44). Cursors only move forward
 * (I5). A cursor is stored before it is shown to any client. Until then it is in memory and in the attachment of the
 * subscription that moved it; if a crash loses it, a message is repeated and nothing else.
 */
export class Receipts {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #replier: Replier;
  readonly #now: () => number;
  /** Members whose delivered cursor is ahead of storage. */
  readonly #unsaved = new Set<Member>();

  /** @param subscriptions those that survived hibernation */
  constructor(
    state: ConversationState,
    delivery: Delivery,
    replier: Replier,
    subscriptions: Iterable<Subscription>,
    now: () => number,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#replier = replier;
    this.#now = now;
    for (const { clientId, acknowledged } of subscriptions) {
      const member = state.members.get(clientId);
      if (member === undefined || acknowledged <= member.deliveredCursor) continue;
      member.deliveredCursor = acknowledged;
      this.#unsaved.add(member);
    }
  }

  /** A device acknowledges messages, in any form that SDKs use (wire §4.7). There is no reply. */
  acknowledge(subscription: Subscription, command: CommandOf<"message.acknowledge">): void {
    const member = this.#state.members.get(subscription.clientId);
    const acknowledged = command.to ?? (command.messageId && timeOfMessageId(command.messageId));
    if (member === undefined || acknowledged === undefined || acknowledged === "") return;
    const upTo = Math.min(acknowledged, this.#state.log.head);
    // A `.1` device gets all missed messages before the first live one.
    const advances =
      subscription.mode === catchUpModes.MESSAGES && upTo > (member.missedAfter ?? member.joinedAt);
    if (advances) member.missedAfter = upTo;
    const before = member.deliveredCursor;
    if (upTo > before) {
      member.deliveredCursor = upTo;
      this.#unsaved.add(member);
    }
    const delivered = upTo > before ? this.#messagesAskingForReceipt(member, before, upTo, RECEIPTS_MAX) : [];
    const timestamp = delivered.length > 0 ? this.#timeFor(member, upTo) : 0;
    if (delivered.length > 0) member.deliveredMoves = withMove(member.deliveredMoves, upTo, timestamp);
    // The acknowledgements of `.1` devices are stored nowhere else.
    if (advances || delivered.length > 0) this.#save(member);
    else if (upTo > before) this.#delivery.update(subscription, { acknowledged: upTo });
    for (const message of delivered)
      this.#sendReceipt(message.from, member.clientId, message.id, timestamp, false);
  }

  /** Moves read cursors forward, and tells senders where there are receipts. Returns the members whose cursors moved. */
  moveReadCursors(cursors: ReadonlyMap<Member, number>): Set<Member> {
    if (hasReceipts(this.#state)) {
      const moved = [...cursors].filter(([member, upTo]) => this.#moveReadCursor(member, upTo));
      return new Set(moved.map(([member]) => member));
    }
    const moved = this.#state.members.moveReadCursors(cursors, this.#now());
    for (const member of moved) {
      if (member.deliveredCursor === member.readCursor) this.#unsaved.delete(member);
    }
    return moved;
  }

  /** Returns whether the cursor moved. */
  #moveReadCursor(member: Member, cursor: number): boolean {
    const before = member.readCursor;
    const at = cursor > before ? this.#timeFor(member, cursor) : undefined;
    if (!this.#state.members.moveReadCursor(member, cursor, this.#now(), at)) return false;
    this.#unsaved.delete(member);
    const [newest] = this.#messagesAskingForReceipt(member, before, member.readCursor, 1);
    if (newest !== undefined && at !== undefined) {
      this.#sendReceipt(newest.from, member.clientId, newest.id, at, true);
    }
    return true;
  }

  /** Replies how far the other members have received and read. */
  maxRead(subscription: Subscription, command: CommandOf<"conversation.maxRead">): void {
    const { serial } = command;
    if (!this.#state.members.has(subscription.clientId)) {
      return this.#replier.refuse(subscription, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    }
    this.saveAll();
    const others = [...this.#state.members.values()].filter(
      ({ clientId }) => clientId !== subscription.clientId,
    );
    const cursors = others
      .map((member) => this.#cursorTimesOf(member))
      .filter(({ deliveredAt }) => deliveredAt !== undefined);
    const answer = {
      conversationId: this.#state.facts.id,
      deliveredAt: latest(cursors.map(({ deliveredAt }) => deliveredAt)),
      readAt: latest(cursors.map(({ readAt }) => readAt)),
    };
    const members = command.allMembers ? { members: cursors } : {};
    this.#replier.reply(subscription, serial, replies.maxRead(serial, { ...answer, ...members }));
  }

  /** Stores all cursors before clients are shown them: a cursor that was seen must not move back. */
  saveAll(): void {
    for (const member of this.#unsaved) this.#save(member);
  }

  /** A subscription closed, and with it the attachment that kept its client's cursor. */
  subscriptionClosed(subscription: Subscription): void {
    const member = this.#state.members.get(subscription.clientId);
    if (member !== undefined && this.#unsaved.has(member)) this.#save(member);
  }

  /**
   * When a member's delivered and read cursors got where they are (ms), as others may see it, or at least the time of
   * the message they point at; undefined for a cursor that has not moved since the member joined.
   */
  #cursorTimesOf(member: Member): {
    clientId: string;
    deliveredAt: number | undefined;
    readAt: number | undefined;
  } {
    const {
      clientId,
      joinedAt,
      deliveredCursor: deliveredAt,
      readCursor: readAt,
      deliveredMoves,
      readMoves,
    } = member;
    const timeOf = (cursor: number, moves: CursorMoves) =>
      cursor > joinedAt ? reachedAt(moves, cursor) : undefined;
    const read = timeOf(readAt, readMoves);
    const delivered = timeOf(deliveredAt, deliveredMoves);
    // A read message is delivered, too.
    return { clientId, deliveredAt: delivered && Math.max(delivered, read ?? 0), readAt: read };
  }

  /** Messages as history shows them: with the times when the other member received and read each. */
  withReceipts(messages: MessageRecord[]): replies.HistoryMessage[] {
    if (!hasReceipts(this.#state)) return messages;
    this.saveAll();
    return messages.map((message) => {
      const other = [...this.#state.members.values()].find(({ clientId }) => clientId !== message.from);
      if (other === undefined) return message;
      const { timestamp } = message;
      const deliveredAt =
        message.deliveredAt ?? coveredAt(other.deliveredMoves, other.deliveredCursor, timestamp);
      return { ...message, deliveredAt, readAt: coveredAt(other.readMoves, other.readCursor, timestamp) };
    });
  }

  #messagesAskingForReceipt(member: Member, before: number, upTo: number, limit: number) {
    if (!hasReceipts(this.#state)) return [];
    return this.#state.log.fromOthers.askingForReceipt(member.clientId, before, upTo, limit);
  }

  #save(member: Member): void {
    this.#unsaved.delete(member);
    if (this.#state.members.get(member.clientId) === member) this.#state.members.saveDelivered(member);
  }

  /** The time of a receipt: now, but before the next message that it does not cover (M-40). */
  #timeFor(member: Member, upTo: number): number {
    const next = this.#state.log.fromOthers.next(member.clientId, upTo) ?? Number.POSITIVE_INFINITY;
    return Math.max(upTo, Math.min(this.#now() - 1, next - 1));
  }

  /** A sender without a subscription may be away, so the receipt is kept for their next login (wire §5.4). */
  #sendReceipt(sender: string, from: string, messageId: string, timestamp: number, read: boolean): void {
    if (!this.#state.members.has(sender)) return;
    const notice = { kind: "receipt" as const, to: sender, from, messageId, timestamp, read };
    const keptAt = this.#delivery.isSubscribed(sender)
      ? undefined
      : this.#state.notices.keep(notice, this.#state.nextTime(this.#now()));
    const { id: conversationId } = this.#state.facts;
    const event = clientEvents.receipt({ messageId, conversationId, timestamp, from, read, keptAt });
    this.#delivery.notify(
      [sender],
      keptAt === undefined
        ? { kind: "event", record: eventRecord(event), isEphemeral: false }
        : { kind: "notice", record: noticeRecord(keptAt, event), at: keptAt },
    );
  }
}

function latest(times: (number | undefined)[]): number | undefined {
  return times.reduce((last, time) => (time !== undefined && time > (last ?? 0) ? time : last), undefined);
}
