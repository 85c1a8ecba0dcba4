/** For this long after a commit (ms) the thread counts as busy, and a write waits for others. */
const BUSY = 2;

/** Turns of the thread without another write after which no more are on their way to the conversation (measured). */
const QUIET_TURNS = 3;
/** A commit makes a frame for every reader, so writes wait a turn longer for this many of them. */
const READERS_PER_TURN = 4;
/** No write waits for more turns than this, whatever comes meanwhile. */
const TURNS_MAX = 100;

/**
 * When a conversation of this isolate last committed. All of them share one thread, so a commit holds all of them up,
 * and writes that arrive meanwhile are better committed together.
 */
let committedAt = Number.NEGATIVE_INFINITY;

export interface GroupCommitHost {
  now(): number;
  /** The number of subscriptions that a commit is sent to. */
  readers(): number;
  /** Resolves in a later turn of the thread, even while the clock stands still. Some of what had arrived is handled before. */
  turn(): Promise<void>;
}

/**
 * Group commit: after a quiet moment a write is committed at once. On a busy thread a write waits as long as each few
 * turns bring another one, and then all of them share one commit. A durable commit costs as much as a hundred rows.
 */
export class GroupCommit<Item> {
  #waiting: Item[] = [];
  #isGathering = false;
  /** Whether the last wait brought more. If one sender sends everything, its gateway has joined it already. */
  #isWorthWaiting = true;
  readonly #commit: (items: Item[]) => void;
  readonly #host: GroupCommitHost;

  /** @param commit writes the items, in order and synchronously; must not throw */
  constructor(commit: (items: Item[]) => void, host: GroupCommitHost) {
    this.#commit = commit;
    this.#host = host;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    if (!this.#isGathering) this.#begin();
  }

  /** The items that `add` adds, in its turn, share a commit, unless it flushes. */
  together<Result>(add: () => Result): Result {
    if (this.#isGathering) return add();
    this.#isGathering = true;
    try {
      return add();
    } finally {
      this.#isGathering = false;
      if (this.#waiting.length > 0) this.#begin();
    }
  }

  #begin(): void {
    if (Math.abs(this.#host.now() - committedAt) > BUSY) return this.flush();
    this.#isGathering = true;
    void this.#gather();
  }

  async #gather(): Promise<void> {
    let known = this.#waiting.length;
    let isMore = false;
    for (let quiet = 0, turns = 0; quiet < this.#quietTurns && turns < TURNS_MAX; quiet += 1, turns += 1) {
      await this.#host.turn();
      if (this.#waiting.length > known) {
        quiet = -1;
        isMore = true;
        this.#isWorthWaiting = true;
      }
      known = this.#waiting.length;
    }
    this.#isWorthWaiting = isMore;
    this.#isGathering = false;
    this.flush();
  }

  get #quietTurns(): number {
    return this.#isWorthWaiting ? QUIET_TURNS + this.#host.readers() / READERS_PER_TURN : 1;
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
