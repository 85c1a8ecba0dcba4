import { elapsed } from "../elapsed.ts";
import { WRONG_PASSWORDS, WRONG_PASSWORDS_REMEMBERED } from "../request-bounds.ts";

interface Failures {
  count: number;
  /** The last one (ms). */
  at: number;
}

/** Where passwords come from. */
export interface Source {
  /** Undefined if it cannot be told. */
  network: string | undefined;
  /** It may stand for many people: this machine, or a private network with a proxy. */
  isShared: boolean;
}

/**
 * Wrong passwords, by the user they were for and the network they came from. Whoever guesses is refused after a few,
 * from where they guess: the user logs in from anywhere else as before. Users who do not exist are counted alike.
 */
export class FailedLogins {
  readonly #failures = new Map<string, Failures>();
  readonly #bounds: typeof WRONG_PASSWORDS;
  readonly #remembered: number;

  constructor(bounds = WRONG_PASSWORDS, remembered = WRONG_PASSWORDS_REMEMBERED) {
    this.#bounds = bounds;
    this.#remembered = remembered;
  }

  /** How many users and networks it remembers. */
  get size(): number {
    return this.#failures.size;
  }

  /** Whether a password may be tried. `now` in ms. */
  allows(user: string, { network, isShared }: Source, now: number): boolean {
    const { forUser, fromUnknown, fromAddress } = this.#bounds;
    const most = network === undefined ? fromUnknown : forUser;
    if (!this.#has(pairOf(user, network), most, now)) return false;
    return isShared || network === undefined || this.#has(network, fromAddress, now);
  }

  failed(user: string, { network }: Source, now: number): void {
    for (const key of [pairOf(user, network), ...(network === undefined ? [] : [network])]) {
      const before = this.#failures.get(key);
      const isRecent = before !== undefined && elapsed(before.at, now) < this.#bounds.within;
      // The one that failed last is forgotten last.
      this.#failures.delete(key);
      this.#failures.set(key, { count: isRecent ? before.count + 1 : 1, at: now });
    }
    for (const key of this.#failures.keys()) {
      if (this.#failures.size <= this.#remembered) return;
      this.#failures.delete(key);
    }
  }

  succeeded(user: string, { network }: Source): void {
    this.#failures.delete(pairOf(user, network));
  }

  #has(key: string, most: number, now: number): boolean {
    const failures = this.#failures.get(key);
    return (
      failures === undefined || failures.count < most || elapsed(failures.at, now) >= this.#bounds.within
    );
  }
}

/** A network's name has no line break. */
const pairOf = (user: string, network: string | undefined) => `${network ?? ""}\n${user}`;

/** Those of the isolate. */
export const failedLogins = new FailedLogins();
