import { LOGINS_PER_SOCKET, REFUSED_IN_A_ROW, UNSIGNED_IN_A_ROW } from "../../bounds.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Counts the logins on one socket, of all its clients together. */
export class LoginAttempts {
  readonly #attempts = new TokenBucket(LOGINS_PER_SOCKET);
  /** Refused logins since the last one that succeeded. */
  #refused = 0;
  #unsigned = 0;

  /** Counts one more login. Returns whether it is allowed. `now` in ms. */
  allows(now: number): boolean {
    return this.#attempts.take(1, now);
  }

  succeeded(): void {
    this.#refused = 0;
    this.#unsigned = 0;
  }

  /** Counts a refused login. Returns whether there were so many that the socket has to close. */
  refused(error: ErrorName | undefined): boolean {
    this.#refused += 1;
    if (error === "SIGNATURE_FAILED") this.#unsigned += 1;
    return this.#refused >= REFUSED_IN_A_ROW || this.#unsigned >= UNSIGNED_IN_A_ROW;
  }
}
