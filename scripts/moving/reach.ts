import { Refusal } from "../options.ts";
import { EXIT } from "./failures.ts";
import type { Pace } from "./pace.ts";

/** How long a server is asked that has not answered once in this run, in milliseconds. */
const NEVER_ANSWERED = 180_000;

/** Whether a server has answered in this run. One that never did is waited for less: its address may be wrong. */
export class Reach {
  readonly #server: string;
  #state: "untried" | "no answer yet" | "answered" = "untried";

  constructor(server: string) {
    this.#server = server;
  }

  /** The server gave an answer, whatever it says. */
  answered(): void {
    this.#state = "answered";
  }

  /**
   * What to tell of a failed attempt, and whether to tell it in any case: before the first answer the first failure
   * says what to check.
   */
  failed(why: string): { told: string; always: boolean } {
    if (this.#state !== "untried") return { told: why, always: false };
    this.#state = "no answer yet";
    return { told: `${this.#server} does not answer (${why}): ${WHAT_TO_CHECK}`, always: true };
  }

  /** How long a call may fail in a row, in milliseconds. */
  patience({ patience }: Pace): number {
    return this.#state === "answered" ? patience : Math.min(patience, NEVER_ANSWERED);
  }

  /** The end of a run whose patience is over. */
  gaveUp(why: string): Refusal {
    const goesOn = "The same command goes on where it stopped.";
    if (this.#state === "answered")
      return new Refusal(`The server does not answer (${why}). ${goesOn}`, EXIT.gaveUp);
    return new Refusal(`${this.#server} does not answer (${why}): ${WHAT_TO_CHECK}. ${goesOn}`, EXIT.gaveUp);
  }
}

const WHAT_TO_CHECK =
  "check that the address and its port are right, that the server runs, and that this machine can reach it";
