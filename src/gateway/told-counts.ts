import type { CountPlace } from "../protocol/link-records.ts";

const LIMIT = 2_000; // conversations
/** What is on its way to a session arrives within this (ms); who is further back has had his clock set back. */
const IN_FLIGHT = 30_000;

/**
 * The last unread count that a session was told of each conversation. One that was counted before it may come after it,
 * since one goes by the relay and the other by a link: it is told to nobody.
 */
export class ToldCounts {
  readonly #told = new Map<string, CountPlace>();

  isStale(conversationId: string, { changedAt }: CountPlace): boolean {
    const told = this.#told.get(conversationId);
    if (told === undefined) return false;
    return changedAt < told.changedAt && told.changedAt - changedAt < IN_FLIGHT;
  }

  add(conversationId: string, { upTo, changedAt }: CountPlace): void {
    const [oldest] = this.#told.keys();
    this.#told.delete(conversationId);
    this.#told.set(conversationId, { upTo, changedAt });
    if (this.#told.size > LIMIT && oldest !== undefined) this.#told.delete(oldest);
  }

  /** A message of this time came, and the device counts it: a count that included it does not hold any more. */
  counted(conversationId: string, timestamp: number): void {
    if (timestamp <= (this.#told.get(conversationId)?.upTo ?? 0)) this.#told.delete(conversationId);
  }
}
