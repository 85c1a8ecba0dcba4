/** Events wait this long (ms) after `opened`: C# accepts events for its client only a moment later (gotcha 40). */
const SETTLE = 150;

interface SettleOwner {
  /** Calls `run` once after this many milliseconds. Returns a function that cancels it. */
  timer(milliseconds: number, run: () => void): () => void;
}

/** Holds back the events of a session for a moment after its login. */
export class SettleBuffer {
  readonly #held: Uint8Array[] = [];
  /** Drops all events: the session is over. */
  readonly cancel: () => void;

  /** @param settled called once, with the events that were held back, in order */
  constructor(owner: SettleOwner, settled: (held: Uint8Array[]) => void) {
    this.cancel = owner.timer(SETTLE, () => settled(this.#held));
  }

  hold(payload: Uint8Array): void {
    this.#held.push(payload.slice());
  }
}
