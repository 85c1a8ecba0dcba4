import { isRefusal } from "../protocol/replies.ts";

/** The client's requests that were handed on: each is answered once (I10). */
export class PendingRequests {
  /** By serial: how many objects still have to answer, and the answer so far. */
  readonly #waiting = new Map<number, { left: number; answer: Uint8Array | undefined }>();

  get size(): number {
    return this.#waiting.size;
  }

  has(serial: number): boolean {
    return this.#waiting.has(serial);
  }

  /** @param answers how many objects answer it; what one of them refuses is refused */
  add(serial: number, answers = 1): void {
    this.#waiting.set(serial, { left: answers, answer: undefined });
  }

  /** One object answered: the answer to give, if it was the last one and none was given yet. */
  answered(serial: number, answer: Uint8Array): Uint8Array | undefined {
    const waiting = this.#waiting.get(serial);
    if (waiting === undefined) return undefined;
    const refused = waiting.answer !== undefined && isRefusal(waiting.answer);
    if (!refused) waiting.answer = answer.slice();
    waiting.left -= 1;
    if (waiting.left > 0) return undefined;
    this.#waiting.delete(serial);
    return waiting.answer;
  }

  /** Every serial that is still waiting; none of them is afterwards. */
  takeAll(): number[] {
    const serials = [...this.#waiting.keys()];
    this.#waiting.clear();
    return serials;
  }
}
