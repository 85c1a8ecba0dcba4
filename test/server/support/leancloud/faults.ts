import { Random } from "../random.ts";

/** What can go wrong with one call. */
export type Fault =
  | "too many requests"
  | "server error"
  | "bad gateway"
  | "timeout on the server"
  | "dropped"
  | "cut"
  | "slow"
  | "half a page"
  | "the page before";

/** The probability of each fault. */
export type Rates = Partial<Record<Fault, number>>;

/** Some of everything. */
export const everything: Rates = {
  "too many requests": 0.03,
  "server error": 0.02,
  "bad gateway": 0.02,
  "timeout on the server": 0.02,
  dropped: 0.03,
  cut: 0.02,
  slow: 0.01,
  "half a page": 0.1,
  "the page before": 0.04,
};

/** Faults by seed. */
export class Faults {
  readonly #random: Random;
  #rates: Rates;

  constructor(seed: number, rates: Rates = {}) {
    this.#random = new Random(seed);
    this.#rates = rates;
  }

  set rates(rates: Rates) {
    this.#rates = rates;
  }

  /** The fault of the next call; undefined for none. */
  next(): Fault | undefined {
    let left = this.#random.next();
    for (const fault of Object.keys(everything)) {
      if (!isFault(fault)) continue;
      left -= this.#rates[fault] ?? 0;
      if (left < 0) return fault;
    }
    return undefined;
  }
}

function isFault(name: string): name is Fault {
  return name in everything;
}
