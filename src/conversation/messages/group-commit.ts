/** For this long after a commit (ms) the thread counts as busy, and a write waits a tick for others. */
const BUSY = 2;

/**
 * When a conversation of this isolate last committed. All of them share one thread, so a commit holds all of them up,
 * and writes that arrive meanwhile are better committed together.
 */
let committedAt = Number.NEGATIVE_INFINITY;

export interface GroupCommitHost {
  now(): number;
  /** Runs its argument when everything that has arrived was handled; never while the clock stands still. */
  tick(run: () => void): void;
  /**
   * Runs its argument after a few turns of the thread, even while the clock stands still, unless `isWanted` returns
   * false before.
   */
  turns(run: () => void, isWanted: () => boolean): void;
}

/**
 * Group commit: after a quiet moment a write is committed at once; on a busy thread the writes until the next tick
 * share one commit. A durable commit costs as much as a hundred rows, so a busy conversation pays once per tick, and a
 * quiet one does not wait.
 */
export class GroupCommit<Item> {
  #waiting: Item[] = [];
  /** The tick being waited for, if any. */
  #tick: object | undefined;
  readonly #commit: (items: Item[]) => void;
  readonly #host: GroupCommitHost;

  /** @param commit writes the items, in order and synchronously; must not throw */
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
    // After the clock was set back it stands still, and no tick comes: then turns are used as well.
    if (now === committedAt) this.#host.turns(run, () => this.#tick === tick && this.#host.now() === now);
  }

  /** Commits the waiting writes now, before something that must follow them. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const items = this.#waiting;
    this.#waiting = [];
    committedAt = this.#host.now();
    this.#commit(items);
  }
}
