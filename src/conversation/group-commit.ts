/**
 * Group commit: idle, a write is committed at once; while a commit is under way what arrives shares the next
 * one. A durable commit costs a hundred times a row, so a busy conversation pays once per tick, and an idle one
 * waits for nothing.
 */
export class GroupCommit<Item> {
  #waiting: Item[] = [];
  #busy = false;
  readonly #commit: (items: Item[]) => void;
  readonly #nextTick: (run: () => void) => void;

  /**
   * @param commit writes the items, in order, in one synchronous stretch; must not throw
   * @param nextTick runs its argument when everything already arrived has been handed over
   */
  constructor(commit: (items: Item[]) => void, nextTick: (run: () => void) => void) {
    this.#commit = commit;
    this.#nextTick = nextTick;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    if (this.#busy) return;
    this.#busy = true;
    this.flush();
    this.#nextTick(this.#tick);
  }

  /** Commits what waits now, before something that must come after it. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const items = this.#waiting;
    this.#waiting = [];
    this.#commit(items);
  }

  readonly #tick = (): void => {
    if (this.#waiting.length === 0) {
      this.#busy = false;
      return;
    }
    this.flush();
    this.#nextTick(this.#tick);
  };
}
