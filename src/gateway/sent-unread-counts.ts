import type { CountPosition } from "../protocol/link-records.ts";

const LIMIT = 2_000; // conversations
/** Whatever is in flight to a session arrives within this (ms). A larger difference means the clock was set back. */
const IN_FLIGHT = 30_000;

/**
 * The last unread count that a session was sent for each conversation. One count goes by the relay and the next by a
 * subscription, so an older count may arrive after a newer one. The older one is dropped.
 */
export class SentUnreadCounts {
  readonly #sent = new Map<string, CountPosition>();

  isStale(conversationId: string, { changedAt }: CountPosition): boolean {
    const sent = this.#sent.get(conversationId);
    if (sent === undefined) return false;
    return changedAt < sent.changedAt && sent.changedAt - changedAt < IN_FLIGHT;
  }

  add(conversationId: string, { upTo, changedAt }: CountPosition): void {
    const [oldest] = this.#sent.keys();
    this.#sent.delete(conversationId);
    this.#sent.set(conversationId, { upTo, changedAt });
    if (this.#sent.size > LIMIT && oldest !== undefined) this.#sent.delete(oldest);
  }

  /** A message of this time (ms) arrived and the device counts it: a sent count that included it is no longer right. */
  countedByDevice(conversationId: string, timestamp: number): void {
    if (timestamp <= (this.#sent.get(conversationId)?.upTo ?? 0)) this.#sent.delete(conversationId);
  }
}
