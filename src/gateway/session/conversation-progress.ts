import { LONGEST_DELIVERY } from "../../bounds.ts";
import type { CountPosition, LogPosition } from "../../protocol/link-records.ts";

/** Notices of a conversation that are remembered: more than are on their way at a time. */
const NOTICES = 16;

/** How far a session has come in one conversation: what it received, and so does not have to be sent again (L6). */
export class ConversationProgress {
  #position: number | undefined;
  /** The times of the newest notices. Older ones, up to `floor`, count as received. */
  #notices: { floor: number; times: Set<number> } | undefined;
  /** The last unread count. */
  #count: CountPosition | undefined;
  /** Whether messages arrived that are older than the login, and no unread count since. */
  hasOldMessages = false;
  /** Whether the conversation wants acknowledgements, as far as is known. */
  wantsAcknowledgements = true;

  /**
   * The timestamp of the last stored message that the session received or was caught up to; undefined if it has seen
   * nothing of the conversation.
   */
  get position(): number | undefined {
    return this.#position;
  }

  /** Moves the position forward, never back. 0 is a position as well: the whole log is still to come. */
  advance(timestamp: number): void {
    if (timestamp > (this.#position ?? -1)) this.#position = timestamp;
  }

  /** Whether an entry was seen already, is the next one, or comes after one that never arrived. */
  classify({ timestamp, previous }: LogPosition): "seen" | "next" | "gap" {
    if (this.#position === undefined) return "next";
    if (timestamp <= this.#position) return "seen";
    return previous > this.#position ? "gap" : "next";
  }

  /**
   * Whether the notice of this time (ms) was received, or is so old that this is no longer known. A notice that waits
   * for D1 to store its change may arrive after a later one, so the time of the newest does not tell.
   */
  hasNotice(at: number): boolean {
    return this.#notices !== undefined && (at <= this.#notices.floor || this.#notices.times.has(at));
  }

  addNotice(at: number): void {
    this.#notices ??= { floor: 0, times: new Set() };
    const { times } = this.#notices;
    times.add(at);
    if (times.size <= NOTICES) return;
    this.#notices.floor = Math.min(...times);
    times.delete(this.#notices.floor);
  }

  /**
   * Whether this unread count is older than the last one. One count goes by the relay and the next by a subscription,
   * so the older one may arrive later. A larger difference means that the clock was set back.
   */
  isStale({ changedAt }: CountPosition): boolean {
    if (this.#count === undefined) return false;
    return changedAt < this.#count.changedAt && this.#count.changedAt - changedAt < LONGEST_DELIVERY;
  }

  addCount({ upTo, changedAt }: CountPosition): void {
    this.#count = { upTo, changedAt };
  }

  /** The device counts a message of this time (ms) itself: a last count that included it is no longer right. */
  countedByDevice(timestamp: number): void {
    if (timestamp <= (this.#count?.upTo ?? 0)) this.#count = undefined;
  }
}
