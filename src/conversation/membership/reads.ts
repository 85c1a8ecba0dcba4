import { loggableError } from "../../loggable-error.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import * as replies from "../../protocol/replies.ts";
import type { ConversationCommandName } from "../commands.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { Subscription } from "../delivery/subscription.ts";
import { unreadOf } from "../delivery/unread-record.ts";
import type { Replier } from "../replier.ts";
import type { ConversationState } from "../state.ts";
import { GatheredReads, type GatheringHost, type WaitingRead } from "./gathered-reads.ts";
import type { Member } from "./members.ts";
import { hasReceipts, type Receipts } from "./receipts.ts";

/** Readers who are told in one turn: counting 10,000 messages for each takes 2 ms. */
const TOLD_AT_ONCE = 16;

/** Commands that show the cursors of others, or change who has one. */
const FOLLOW_ALL_READS: ReadonlySet<ConversationCommandName> = new Set([
  "conversation.maxRead",
  "conversation.add",
  "conversation.remove",
]);
/** Commands that do not depend on what their client has read. */
const FOLLOW_NO_READ: ReadonlySet<ConversationCommandName> = new Set(["read", "message.acknowledge"]);

export interface ReadsHost extends GatheringHost {
  /** Calls `run` in a later turn, even if the clock stands still. */
  inNextTurn(run: () => void): void;
}

/**
 * The `read` commands of members. Where there are no receipts they gather for a moment, so that all who read the same
 * message cost one row. None is answered, and nobody told of it, before that is written.
 */
export class Reads {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #replier: Replier;
  readonly #receipts: Receipts;
  readonly #host: ReadsHost;
  readonly #gathered: GatheredReads;

  constructor(
    state: ConversationState,
    delivery: Delivery,
    replier: Replier,
    receipts: Receipts,
    host: ReadsHost,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#replier = replier;
    this.#receipts = receipts;
    this.#host = host;
    this.#gathered = new GatheredReads((reads) => this.#apply(reads), host);
  }

  /** A device has read everything up to a time, or to the end of the log. */
  read(subscription: Subscription, command: CommandOf<"read">): void {
    const { serial } = command;
    const { id } = this.#state.facts;
    const { head } = this.#state.log;
    const member = this.#state.members.get(subscription.clientId);
    const entry = command.conversations.find(({ conversationId }) => conversationId === id);
    if (member === undefined || entry === undefined) return this.#confirm(subscription, serial);
    const read = { subscription, serial, member, upTo: Math.min(entry.timestamp ?? head, head) };
    const isNews = read.upTo > member.readCursor || this.#gathered.has(member.clientId);
    if (isNews && !hasReceipts(this.#state)) this.#gathered.add(read);
    else this.#apply([read]);
  }

  /** Applies the reads that wait and that a command must follow. Those of others do not break up a burst. */
  flushBefore(name: ConversationCommandName, clientId: string): void {
    if (FOLLOW_ALL_READS.has(name)) this.flush();
    else if (!FOLLOW_NO_READ.has(name)) this.flushOf([clientId]);
  }

  /** Applies the reads that wait, if one of them is of these clients. */
  flushOf(clientIds: readonly string[]): void {
    if (clientIds.some((clientId) => this.#gathered.has(clientId))) this.flush();
  }

  /** Applies the reads that wait. */
  flush(): void {
    this.#gathered.flush();
  }

  /** Stores reads in one go, and tells the readers' sessions after that. */
  #apply(reads: readonly WaitingRead[]): void {
    if (this.#state.isDeleted) return this.#refuse(reads, "CONVERSATION_NOT_FOUND");
    const byMember = Map.groupBy(reads, ({ member }) => member);
    try {
      const moved = this.#receipts.moveReadCursors(this.#cursorsOf(byMember));
      this.#tell([...byMember.values()], moved);
    } catch (error) {
      console.error("read:", loggableError(error));
      this.#refuse(reads, "CONVERSATION_INTERNAL_ERROR");
    }
  }

  /** The furthest that each has read, of those who are members still. */
  #cursorsOf(reads: ReadonlyMap<Member, readonly WaitingRead[]>): Map<Member, number> {
    const { members } = this.#state;
    const present = [...reads].filter(([member]) => members.get(member.clientId) === member);
    return new Map(
      present.map(([member, ofMember]) => [member, Math.max(...ofMember.map(({ upTo }) => upTo))]),
    );
  }

  #tell(reads: readonly (readonly WaitingRead[])[], moved: ReadonlySet<Member>): void {
    for (const ofMember of reads.slice(0, TOLD_AT_ONCE)) {
      const [first] = ofMember;
      if (first !== undefined && moved.has(first.member))
        this.#delivery.notify([first.member.clientId], { kind: "unread" });
      else for (const { subscription } of ofMember) this.#sendCount(subscription);
      for (const { subscription, serial } of ofMember) this.#confirm(subscription, serial);
    }
    const rest = reads.slice(TOLD_AT_ONCE);
    if (rest.length > 0) this.#host.inNextTurn(() => this.#tell(rest, moved));
  }

  /** The cursor did not move, so the other devices have this count already. */
  #sendCount(subscription: Subscription): void {
    const count = unreadOf(this.#state, subscription.clientId, this.#host.now(), this.#host.now());
    if (count !== undefined) this.#delivery.send(subscription, count);
  }

  #confirm(subscription: Subscription, serial: number | undefined): void {
    this.#replier.reply(subscription, serial, replies.readConfirmed(serial));
  }

  #refuse(reads: readonly WaitingRead[], error: ErrorName): void {
    for (const { subscription, serial } of reads) this.#replier.refuse(subscription, serial, error);
  }
}
