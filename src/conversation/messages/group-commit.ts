/** For this long after a commit (ms) the thread counts as busy, and a write waits a turn for others. */
const BUSY = 2;

/**
 * When a conversation of this isolate last committed. All of them share one thread, so a commit holds all of them up,
 * and writes that arrive meanwhile are better committed together.
 */
let committedAt = Number.NEGATIVE_INFINITY;

export interface GroupCommitHost {
  now(): number;
  /** Calls `run` after this many milliseconds: with 0 in the next turn, but never while the clock stands still. */
  timer(milliseconds: number, run: () => void): unknown;
  /**
   * Calls `run` after a few turns of the thread, even while the clock stands still, unless `isWanted` returns false
   * before.
   */
  afterTurns(run: () => void, isWanted: () => boolean): void;
}

/**
 * Group commit: after a quiet moment a write is committed at once; on a busy thread the writes until the next turn
 * share one commit. A durable commit costs as much as a hundred rows, so a busy conversation pays once per turn, and a
 * quiet one does not wait.
 */
export class GroupCommit<Item> {
  #waiting: Item[] = [];
  /** The turn being waited for, if any. */
  #turn: object | undefined;
  readonly #commit: (items: Item[]) => void;
  readonly #host: GroupCommitHost;

  /** @param commit writes the items, in order and synchronously; must not throw */
  constructor(commit: (items: Item[]) => void, host: GroupCommitHost) {
    this.#commit = commit;
    this.#host = host;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    if (this.#turn !== undefined) return;
    const now = this.#host.now();
    if (Math.abs(now - committedAt) > BUSY) return this.flush();
    const turn = {};
    this.#turn = turn;
    const run = () => {
      if (this.#turn !== turn) return;
      this.#turn = undefined;
      this.flush();
    };
    this.#host.timer(0, run);
    // After the clock was set back it stands still, and no timer ends: then turns are counted as well.
    if (now === committedAt)
      this.#host.afterTurns(run, () => this.#turn === turn && this.#host.now() === now);
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
