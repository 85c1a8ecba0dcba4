import { CPU_PER_SOCKET, SUBREQUESTS_PER_SOCKET, SUBSCRIPTIONS_OF_ALL } from "../../bounds.ts";

/** The cost of a frame in an ordinary conversation, and of 1 KB of it (ms of CPU): measured, with room to spare. */
const COST = { received: 0.2, sent: 0.05, kilobyte: 0.02 };

/** Sockets that were sent the same, as in a room, are handed over at different times: this share of the budget apart. */
const SPREAD = 0.2;

/**
 * Counts how much one user socket has used of what Cloudflare allows a request: CPU and calls, over its whole life. The
 * platform cuts a socket that exceeds them without warning, so the socket is handed over before.
 */
export class PlatformBudget {
  readonly #usedUp: () => void;
  /** The share of the budget after which this socket is handed over. */
  readonly #share: number;
  #cpu = 0;
  #calls = 0;
  #isUsedUp = false;

  /**
   * @param usedUp called once, when little is left
   * @param random from 0 to 1: by how much sooner
   */
  constructor(usedUp: () => void, random: () => number = Math.random) {
    this.#usedUp = usedUp;
    this.#share = 1 - SPREAD * random();
  }

  received(bytes: number): void {
    this.#use(COST.received + (bytes / 1024) * COST.kilobyte, 0);
  }

  sent(frames: number, bytes: number): void {
    this.#use(frames * COST.sent + (bytes / 1024) * COST.kilobyte, 0);
  }

  /** An object or D1 was called. */
  called(): void {
    this.#use(0, 1);
  }

  #use(cpu: number, calls: number): void {
    this.#cpu += cpu;
    this.#calls += calls;
    if (this.#isUsedUp) return;
    if (this.#cpu < CPU_PER_SOCKET * this.#share && this.#calls < SUBREQUESTS_PER_SOCKET * this.#share)
      return;
    this.#isUsedUp = true;
    this.#usedUp();
  }
}

/** The subscriptions of all sessions of an isolate, which share its memory. */
export class IsolateSubscriptions {
  #count = 0;

  changed(by: number): void {
    this.#count += by;
  }

  /** How many subscriptions a session may hold at the moment, out of the number it may hold while there is room. */
  limit(wanted: number): number {
    if (this.#count <= SUBSCRIPTIONS_OF_ALL) return wanted;
    return Math.max(1, Math.floor((wanted * SUBSCRIPTIONS_OF_ALL) / this.#count));
  }
}
