import type { Subscription } from "../delivery/subscription.ts";
import type { Member } from "./members.ts";

/**
 * So long (ms) a read waits for those of other members: everybody online has a message within a few tens of ms, and
 * SDKs read it at once. Nobody notices that a count falls this much later.
 */
const GATHERING = 250;
/** Reads that wait at most. They are applied in one go, and each costs some 20 µs. */
const WAITING_MAX = 128;

export interface GatheringHost {
  now(): number;
  /** Calls `run` once after so many milliseconds; returns a function that cancels it. */
  timer(delay: number, run: () => void): () => void;
}

/** A `read` that waits. */
export interface WaitingRead {
  subscription: Subscription;
  serial: number | undefined;
  /** As it was when the read came. A client that left and joined again meanwhile is another member. */
  member: Member;
  /** What the read covers: messages that come while it waits are not read by it. */
  upTo: number;
}

/** Reads of all members of a conversation, which gather for a moment in order to be stored together. */
export class GatheredReads {
  readonly #apply: (reads: readonly WaitingRead[]) => void;
  readonly #host: GatheringHost;
  #waiting: WaitingRead[] = [];
  /** While reads wait. */
  #timer: { setAt: number; cancel: () => void } | undefined;

  /** @param apply stores the reads and answers them, in order; must not throw */
  constructor(apply: (reads: readonly WaitingRead[]) => void, host: GatheringHost) {
    this.#apply = apply;
    this.#host = host;
  }

  has(clientId: string): boolean {
    return this.#waiting.some(({ member }) => member.clientId === clientId);
  }

  add(read: WaitingRead): void {
    this.#waiting.push(read);
    const now = this.#host.now();
    this.#timer ??= { setAt: now, cancel: this.#host.timer(GATHERING, () => this.flush()) };
    // A timer stands still with the clock.
    const isOverdue = Math.abs(now - this.#timer.setAt) > GATHERING;
    if (isOverdue || this.#waiting.length >= WAITING_MAX) this.flush();
  }

  /** Applies the waiting reads now, before something that must follow them. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#waiting.length > 0) this.#apply(this.#waiting.splice(0));
  }
}
