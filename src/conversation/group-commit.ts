/** So long after a commit (ms) the thread counts as busy, and a write waits a tick for company. */
const BUSY = 2;

/**
 * When any conversation of this isolate last committed. They share one thread, so a commit anywhere holds up all
 * of them, and what waits while it runs is better written together.
 */
let committedAt = Number.NEGATIVE_INFINITY;

export interface GroupCommitHost {
  now(): number;
  /** Runs its argument when everything already arrived has been handed over; never, as long as the clock stands still. */
  tick(run: () => void): void;
  /**
   * Runs its argument after a few turns of the thread, which a clock that stands still does not hold up, unless it is
   * not wanted any more before.
   */
  turns(run: () => void, isWanted: () => boolean): void;
}

/**
 * Group commit: after a quiet moment a write is committed at once; on a busy thread what arrives until the next
 * tick shares one commit. A durable commit costs a hundred times a row, so a busy conversation pays once per
 * tick, and a quiet one waits for nothing.
 */
export class GroupCommit<Item> {
  #waiting: Item[] = [];
  /** The tick that is waited for, if one is. */
  #tick: object | undefined;
  readonly #commit: (items: Item[]) => void;
  readonly #host: GroupCommitHost;

  /** @param commit writes the items, in order, in one synchronous stretch; must not throw */
  constructor(commit: (items: Item[]) => void, host: GroupCommitHost) {
    this.#commit = commit;
    this.#host = host;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    if (this.#tick !== undefined) return;
    const now = this.#host.now();
    if (Math.abs(now - committedAt) > BUSY) return this.flush();
    const tick = {};
    this.#tick = tick;
    const run = () => {
      if (this.#tick !== tick) return;
      this.#tick = undefined;
      this.flush();
    };
    this.#host.tick(run);
    // Where the clock was set back it stands still, and no tick comes: one that does not move is not relied on.
    if (now === committedAt) this.#host.turns(run, () => this.#tick === tick && this.#host.now() === now);
  }

  /** Commits what waits now, before something that must come after it. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const items = this.#waiting;
    this.#waiting = [];
    committedAt = this.#host.now();
    this.#commit(items);
  }
}
