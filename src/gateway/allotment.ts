import { CPU_PER_SOCKET, LINKS_OF_ALL, SUBREQUESTS_PER_SOCKET } from "../bounds.ts";

/** What a frame costs at most in an ordinary conversation (ms of CPU), measured with room to spare; and 1 KB of it. */
const COST = { heard: 0.2, sent: 0.05, kilobyte: 0.02 };

/**
 * Counts what one user socket has used of what Cloudflare allows the request that it is: CPU and calls, for its whole
 * life. What is used up is cut without a word, so the socket is handed over before.
 */
export class Allotment {
  readonly #usedUp: () => void;
  #cpu = 0;
  #calls = 0;
  #isUsedUp = false;

  /** @param usedUp runs once, when little is left */
  constructor(usedUp: () => void) {
    this.#usedUp = usedUp;
  }

  heard(bytes: number): void {
    this.#use(COST.heard + (bytes / 1024) * COST.kilobyte, 0);
  }

  sent(bytes: number): void {
    this.#use(COST.sent + (bytes / 1024) * COST.kilobyte, 0);
  }

  /** An object was dialled, or D1 asked. */
  called(): void {
    this.#use(0, 1);
  }

  #use(cpu: number, calls: number): void {
    this.#cpu += cpu;
    this.#calls += calls;
    if (this.#isUsedUp || (this.#cpu < CPU_PER_SOCKET && this.#calls < SUBREQUESTS_PER_SOCKET)) return;
    this.#isUsedUp = true;
    this.#usedUp();
  }
}

/** The links of all sessions of an isolate, whose memory they share. */
export class LinksOfAll {
  #count = 0;

  changed(by: number): void {
    this.#count += by;
  }

  /** How many links a session may hold at the moment that may have so many where there is room. */
  limit(wanted: number): number {
    if (this.#count <= LINKS_OF_ALL) return wanted;
    return Math.max(1, Math.floor((wanted * LINKS_OF_ALL) / this.#count));
  }
}
