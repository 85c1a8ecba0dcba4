import { elapsed } from "../../elapsed.ts";

const MEMORY = 10_000; // ms: a subscription that breaks again within this has failed twice
/** Times that a subscription may be opened again within that, although its link has not failed. */
const RESYNCS = 3;
/** Pause (ms) before a subscription that failed twice is opened again: at first, doubled each time, at most. */
const PAUSES = { first: 5_000, last: 60_000 };
/**
 * A command opens it sooner, but not before this (ms): each failure costs all who are subscribed to the conversation.
 */
const SOONEST = 1_000;

/**
 * The failures of one subscription. If it breaks again soon, its conversation stays broken for longer, as with a full
 * disk or a damaged file (L7.6).
 */
export class SubscriptionFailures {
  #failedAt: number | undefined;
  /** The last pause (ms), or 0. */
  #pause = 0;
  /** When it was opened again, lately, although its link had not failed (ms). */
  #resyncs: number[] = [];

  /** The subscription broke, now (ms). Returns how long (ms) to wait before it is opened again; 0 is not at all. */
  broke(now: number): number {
    const isRepeated = this.#failedAt !== undefined && elapsed(this.#failedAt, now) < MEMORY + this.#pause;
    this.#failedAt = now;
    this.#pause = isRepeated ? Math.min(Math.max(this.#pause * 2, PAUSES.first), PAUSES.last) : 0;
    return this.#pause;
  }

  /** Whether it broke just now, so that not even a command opens it again. */
  isRecent(now: number): boolean {
    return this.#failedAt !== undefined && elapsed(this.#failedAt, now) < SOONEST;
  }

  /** It is opened again now (ms) for what the session lacks. Returns whether that may help, as it is not so often. */
  resynced(now: number): boolean {
    this.#resyncs = this.#resyncs.filter((at) => elapsed(at, now) < MEMORY);
    this.#resyncs.push(now);
    return this.#resyncs.length <= RESYNCS;
  }
}
