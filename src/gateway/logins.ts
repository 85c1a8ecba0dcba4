import { LOGINS_PER_SOCKET, REFUSED_IN_A_ROW, UNSIGNED_IN_A_ROW } from "../bounds.ts";
import type { ErrorName } from "../protocol/errors.ts";
import { Allowance } from "./allowance.ts";

/** Counts the logins on one socket, in whichever names they are. */
export class Logins {
  readonly #tries = new Allowance(LOGINS_PER_SOCKET);
  /** Since the last one that succeeded. */
  #refused = 0;
  #unsigned = 0;

  /** Whether one more may be tried; counts it. `now` in ms. */
  allows(now: number): boolean {
    return this.#tries.take(1, now);
  }

  succeeded(): void {
    this.#refused = 0;
    this.#unsigned = 0;
  }

  /** One was refused; whether that is so often that the socket has to close. */
  refused(error: ErrorName | undefined): boolean {
    this.#refused += 1;
    if (error === "SIGNATURE_FAILED") this.#unsigned += 1;
    return this.#refused >= REFUSED_IN_A_ROW || this.#unsigned >= UNSIGNED_IN_A_ROW;
  }
}
