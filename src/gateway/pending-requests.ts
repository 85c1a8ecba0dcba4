import { isRefusal } from "../protocol/replies.ts";

interface Pending {
  /** How many objects have not answered yet. */
  remaining: number;
  /** The answer so far. */
  answer: Uint8Array | undefined;
}

/** The requests of a client that were forwarded to objects and have no answer yet: each gets exactly one (I10). */
export class PendingRequests {
  /** By serial. */
  readonly #pending = new Map<number, Pending>();

  get size(): number {
    return this.#pending.size;
  }

  has(serial: number): boolean {
    return this.#pending.has(serial);
  }

  /** @param answers how many objects answer the request; a refusal of one of them refuses the request */
  add(serial: number, answers = 1): void {
    this.#pending.set(serial, { remaining: answers, answer: undefined });
  }

  /** Takes the answer of one object. Returns the answer for the client once all objects have answered. */
  addAnswer(serial: number, answer: Uint8Array): Uint8Array | undefined {
    const pending = this.#pending.get(serial);
    if (pending === undefined) return undefined;
    const isRefused = pending.answer !== undefined && isRefusal(pending.answer);
    if (!isRefused) pending.answer = answer.slice();
    pending.remaining -= 1;
    if (pending.remaining > 0) return undefined;
    this.#pending.delete(serial);
    return pending.answer;
  }

  /** The serials of all pending requests. None is pending afterwards. */
  takeAll(): number[] {
    const serials = [...this.#pending.keys()];
    this.#pending.clear();
    return serials;
  }
}
