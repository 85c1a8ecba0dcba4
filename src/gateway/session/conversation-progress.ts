import { LONGEST_DELIVERY } from "../../bounds.ts";
import { earlier } from "../../earlier.ts";
import type { CountPosition, LogPosition, WakePositions } from "../../protocol/link-records.ts";

/** Notices of a conversation that are remembered: more than are on their way at a time. */
const NOTICES = 16;

const NOTHING: WakePositions = { since: undefined, noticesAfter: undefined };

/** How far a session has come in one conversation: what it received, and so does not have to be sent again (L6). */
export class ConversationProgress {
  #position: number | undefined;
  /** The times of the newest notices. Older ones, up to `floor`, count as received. */
  #notices: { floor: number; newest: number; times: Set<number> } | undefined;
  /** Notices up to this time were replayed, or are older than the session. */
  #noticesUpTo: number | undefined;
  /** What the session was woken for, until a subscription brings it. */
  #woken: WakePositions = NOTHING;
  /** The last unread count. */
  #count: CountPosition | undefined;
  /** Whether the login's catch-up asked the conversation. */
  isCaughtUp = false;
  /** Whether messages arrived that are older than the login, and no unread count since. */
  hasOldMessages = false;
  /** Whether the conversation wants acknowledgements, as far as is known. */
  wantsAcknowledgements = true;

  /**
   * The time of the last entry that the session received or was caught up to; undefined if it has seen
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
    this.#notices ??= { floor: 0, newest: 0, times: new Set() };
    this.#notices.newest = Math.max(this.#notices.newest, at);
    const { times } = this.#notices;
    times.add(at);
    if (times.size <= NOTICES) return;
    this.#notices.floor = Math.min(...times);
    times.delete(this.#notices.floor);
  }

  /** The session is woken. If it has no position, it lacks no entry before those that wakes name. */
  wokenFor({ since, noticesAfter }: WakePositions): void {
    this.#woken = {
      since: earlier(this.#woken.since, since),
      noticesAfter: earlier(this.#woken.noticesAfter, noticesAfter),
    };
  }

  /** The session lacks no notice up to this time, except for those that it is woken for. */
  skipNotices(upTo: number): void {
    this.#noticesUpTo = Math.max(this.#noticesUpTo ?? 0, upTo);
  }

  /** From where on the session may lack entries and notices. */
  get lacked(): WakePositions & { isSinceWake: boolean } {
    return {
      since: this.#position ?? this.#woken.since,
      isSinceWake: this.#position === undefined,
      noticesAfter: earlier(this.#receivedNotices, this.#woken.noticesAfter),
    };
  }

  /**
   * The time up to which the session has the notices; undefined if it has received none. A notice that waits for D1 may
   * still be on its way when a later one has arrived.
   */
  get #receivedNotices(): number | undefined {
    const { floor, newest } = this.#notices ?? { floor: 0, newest: 0 };
    const upTo = Math.max(this.#noticesUpTo ?? 0, floor, newest - LONGEST_DELIVERY);
    return upTo > 0 ? upTo : undefined;
  }

  /** Forgets what the session was woken for, if a replay from there on has it. Returns whether it has. */
  settleWakes({ since, noticesAfter }: { since: number; noticesAfter: number }): boolean {
    const lacksEntries = this.#position === undefined && (this.#woken.since ?? since) < since;
    if (lacksEntries || (this.#woken.noticesAfter ?? noticesAfter) < noticesAfter) return false;
    this.#woken = NOTHING;
    return true;
  }

  /** A replay has brought everything up to this entry and this notice. */
  replayed(head: number, lastNotice: number): void {
    if (this.#position === undefined) this.#position = head;
    this.skipNotices(lastNotice);
  }

  /**
   * Whether this unread count is older than the last one: after a reconnection, the older one may
   * arrive later. A larger difference means that the clock was set back.
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
