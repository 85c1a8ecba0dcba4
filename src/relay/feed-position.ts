/** How far a relay has come in the feed of its conversation. What was answered after a frame waits for that frame. */
export class FeedPosition {
  /** The number of the first frame that is not here. */
  #end = 0;
  readonly #waiting = new Set<{ end: number; go: () => void }>();
  readonly #inTime: (frames: Promise<void>) => Promise<void>;

  /** @param inTime waits no longer than to its deadline, and rejects then */
  constructor(inTime: (frames: Promise<void>) => Promise<void>) {
    this.#inTime = inTime;
  }

  /** The frames before this number were sent to the sessions, or are lost. */
  reached(end: number): void {
    this.#end = Math.max(this.#end, end);
    for (const waiting of this.#waiting) if (waiting.end <= this.#end) waiting.go();
  }

  /** Resolves when the frames before this number were sent. Rejects if they do not come in time. */
  async upTo(end: number): Promise<void> {
    if (end <= this.#end) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = { end, go: resolve };
    this.#waiting.add(waiting);
    try {
      await this.#inTime(promise);
    } finally {
      this.#waiting.delete(waiting);
    }
  }
}
