import { LONGEST_DELIVERY } from "../../bounds.ts";

/** Relayed messages after `after`, the last of them handed over at `lastAt` (ms). */
export interface InFlightWindow {
  after: number;
  lastAt: number;
}

/** Messages relayed lately, by client; kept across the client's subscriptions. */
export class InFlightWindows {
  readonly #windows = new Map<string, InFlightWindow>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  of(clientId: string): InFlightWindow | undefined {
    const window = this.#windows.get(clientId);
    if (window === undefined || this.#now() - window.lastAt < LONGEST_DELIVERY) return window;
    this.#windows.delete(clientId);
    return undefined;
  }

  /** Messages after this time are handed over now. */
  extend(clientId: string, after: number): void {
    this.#windows.set(clientId, { after: this.of(clientId)?.after ?? after, lastAt: this.#now() });
  }

  /** The window that a subscription kept across hibernation. */
  restore(clientId: string, window: InFlightWindow): void {
    this.#windows.set(clientId, window);
  }
}
