import type { MessageRecord } from "../model/records.ts";
import * as pushes from "../protocol/client-events.ts";
import type { CommandOf } from "../protocol/commands.ts";
import { eventRecord, noticeRecord } from "../protocol/link-records.ts";
import type { HistoryMessage } from "../protocol/replies.ts";
import type { Delivery } from "./delivery.ts";
import type { Subscription } from "./delivery-state.ts";
import { timeOfMessageId } from "./ids.ts";
import { coveredAt, type MarkMoves, reachedAt, withMove } from "./mark-moves.ts";
import type { ConversationState, Member } from "./state.ts";

/** Members of a conversation that has receipts, at most (M-38). */
const MEMBERS_MAX = 2;
/** Delivery receipts for one acknowledgement, the newest of its messages: it may cover a year's worth. */
const RECEIPTS_MAX = 50;

/** Whether a conversation is small enough to have receipts now. */
export function hasReceipts(state: ConversationState): boolean {
  return state.members.size <= MEMBERS_MAX;
}

/**
 * How far each member's devices have got, and what senders are told of it (M-37 to M-44). Marks only move
 * forward (I5). A mark is written before anybody is told of it; until then it lives in memory and in the
 * attachment of the subscription that moved it, and losing it in a crash only repeats a message.
 */
export class Receipts {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #now: () => number;
  /** Members whose delivered cursor is further than storage says. */
  readonly #unsaved = new Set<Member>();

  /** @param subscriptions those that outlived the object's sleep */
  constructor(
    state: ConversationState,
    delivery: Delivery,
    subscriptions: Iterable<Subscription>,
    now: () => number,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#now = now;
    for (const { clientId, acknowledged } of subscriptions) {
      const member = state.members.get(clientId);
      if (member === undefined || acknowledged <= member.deliveredCursor) continue;
      member.deliveredCursor = acknowledged;
      this.#unsaved.add(member);
    }
  }

  /** A device has messages up to somewhere: all forms of SDKs (wire §4.7). Never answered. */
  acknowledge(subscription: Subscription, command: CommandOf<"message.acknowledge">): void {
    const member = this.#state.members.get(subscription.clientId);
    const named = command.to ?? (command.messageId && timeOfMessageId(command.messageId));
    if (member === undefined || named === undefined || named === "") return;
    const upTo = Math.min(named, this.#state.log.head);
    // A `.1` device that was owed anything has been brought it before it got something live.
    const pushed = subscription.mode === "push" && upTo > (member.pushedAt ?? member.joinedAt);
    if (pushed) member.pushedAt = upTo;
    const before = member.deliveredCursor;
    if (upTo > before) {
      member.deliveredCursor = upTo;
      this.#unsaved.add(member);
    }
    const asked = upTo > before ? this.#asked(member, before, upTo, RECEIPTS_MAX) : [];
    const timestamp = asked.length > 0 ? this.#timeFor(member, upTo) : 0;
    if (asked.length > 0) member.deliveredMoves = withMove(member.deliveredMoves, upTo, timestamp);
    // What `.1` devices are owed is known nowhere else.
    if (pushed || asked.length > 0) this.#save(member);
    else if (upTo > before) this.#delivery.keep(subscription, { acknowledged: upTo });
    for (const message of asked) this.#tell(message.from, member.clientId, message.id, timestamp, false);
  }

  /** A member has read everything up to somewhere, or to the end; whether his mark moved. */
  read(member: Member, upTo: number | undefined): boolean {
    const before = member.readCursor;
    const mark = Math.min(upTo ?? this.#state.log.head, this.#state.log.head);
    const at = mark > before && hasReceipts(this.#state) ? this.#timeFor(member, mark) : undefined;
    if (!this.#state.read(member, mark, this.#now(), at)) return false;
    this.#unsaved.delete(member);
    const [newest] = this.#asked(member, before, member.readCursor, 1);
    if (newest !== undefined && at !== undefined) {
      this.#tell(newest.from, member.clientId, newest.id, at, true);
    }
    return true;
  }

  /** To be called before marks are shown to anybody: what was once seen must not move back. */
  save(): void {
    for (const member of this.#unsaved) this.#save(member);
  }

  /** A subscription is gone, and with it the attachment that kept its client's mark. */
  subscriptionClosed(subscription: Subscription): void {
    const member = this.#state.members.get(subscription.clientId);
    if (member !== undefined && this.#unsaved.has(member)) this.#save(member);
  }

  /**
   * When a member's devices got to where they stand (ms), as others may see it, or at least the time of the message
   * they have got to; undefined where he has got nothing yet.
   */
  marksOf(member: Member): { clientId: string; deliveredAt: number | undefined; readAt: number | undefined } {
    const {
      clientId,
      joinedAt,
      deliveredCursor: deliveredAt,
      readCursor: readAt,
      deliveredMoves,
      readMoves,
    } = member;
    const seen = (mark: number, moves: MarkMoves) => (mark > joinedAt ? reachedAt(moves, mark) : undefined);
    const read = seen(readAt, readMoves);
    const delivered = seen(deliveredAt, deliveredMoves);
    // As of a mark: what is read is delivered, too.
    return { clientId, deliveredAt: delivered && Math.max(delivered, read ?? 0), readAt: read };
  }

  /** Messages as history shows them: with when the other member got and read each. */
  shown(messages: MessageRecord[]): HistoryMessage[] {
    if (!hasReceipts(this.#state)) return messages;
    this.save();
    return messages.map((message) => {
      const other = [...this.#state.members.values()].find(({ clientId }) => clientId !== message.from);
      if (other === undefined) return message;
      const { timestamp } = message;
      const deliveredAt = coveredAt(other.deliveredMoves, other.deliveredCursor, timestamp);
      return { ...message, deliveredAt, readAt: coveredAt(other.readMoves, other.readCursor, timestamp) };
    });
  }

  #asked(member: Member, before: number, upTo: number, limit: number) {
    if (!hasReceipts(this.#state)) return [];
    return this.#state.log.receiptsAsked(member.clientId, before, upTo, limit);
  }

  #save(member: Member): void {
    this.#unsaved.delete(member);
    if (this.#state.members.get(member.clientId) === member) this.#state.saveDelivered(member);
  }

  /** The time of a receipt: now, but before any message that it does not cover (M-40). */
  #timeFor(member: Member, upTo: number): number {
    const next = this.#state.log.nextOfOthers(member.clientId, upTo) ?? Number.POSITIVE_INFINITY;
    return Math.max(upTo, Math.min(this.#now() - 1, next - 1));
  }

  /** Who is not subscribed may be away: what he is owed is kept for his next look (wire §5.4). */
  #tell(sender: string, from: string, messageId: string, timestamp: number, read: boolean): void {
    if (!this.#state.members.has(sender)) return;
    const notice = { kind: "receipt" as const, to: sender, from, messageId, timestamp, read };
    const keptAt = this.#delivery.isSubscribed(sender)
      ? undefined
      : this.#state.notices.keep(notice, this.#state.tick(this.#now()));
    const { id: conversationId } = this.#state.facts;
    const push = pushes.receipt({ messageId, conversationId, timestamp, from, read, keptAt });
    if (keptAt === undefined) this.#delivery.notify([sender], eventRecord(push));
    else this.#delivery.notify([sender], noticeRecord(keptAt, false, push), keptAt);
  }
}
