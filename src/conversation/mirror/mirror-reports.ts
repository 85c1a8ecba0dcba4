import type { MirrorReport } from "../../database/mirror-progress.ts";
import { loggableError } from "../../loggable-error.ts";
import type { MirrorRecords } from "./mirror-records.ts";

const NOTHING = { sent: 0, received: 0, leftOut: 0, leftOutWhy: undefined };

type Counts = Pick<MirrorReport, "sent" | "received" | "leftOut" | "leftOutWhy">;

/** Counts what the mirror does, for the owner. What a report could not take is in the next one. */
export class MirrorReports {
  readonly #conversationId: string;
  readonly #records: MirrorRecords;
  readonly #report: (report: MirrorReport) => Promise<void>;
  #counts: Counts = NOTHING;
  #problem: string | undefined;
  #isStale = false;
  #isReporting = false;

  constructor(
    conversationId: string,
    records: MirrorRecords,
    report: (report: MirrorReport) => Promise<void>,
  ) {
    this.#conversationId = conversationId;
    this.#records = records;
    this.#report = report;
  }

  sent(): void {
    this.#isStale = true;
    this.#counts = { ...this.#counts, sent: this.#counts.sent + 1 };
    this.#problem = undefined;
  }

  received(): void {
    this.#isStale = true;
    this.#counts = { ...this.#counts, received: this.#counts.received + 1 };
  }

  leftOut(count: number, why: string): void {
    this.#isStale = true;
    console.warn(`mirror: ${count} message(s) of ${this.#conversationId} are left out: ${why}`);
    this.#counts = { ...this.#counts, leftOut: this.#counts.leftOut + count, leftOutWhy: why };
  }

  failed(why: string): void {
    this.#isStale = true;
    if (this.#problem === undefined) console.warn(`mirror: messages of ${this.#conversationId} wait: ${why}`);
    this.#problem = why;
  }

  /** Reports what is not reported yet. Never rejects. */
  async report(): Promise<void> {
    if (this.#isReporting) return;
    this.#isReporting = true;
    try {
      while (this.#isStale) await this.#reportOnce();
    } finally {
      this.#isReporting = false;
    }
  }

  async #reportOnce(): Promise<void> {
    this.#isStale = false;
    const counts = this.#counts;
    this.#counts = NOTHING;
    const { count: waiting, since: waitingSince } = this.#records.waiting;
    const problem = waiting === 0 ? undefined : this.#problem;
    try {
      const conversationId = this.#conversationId;
      await this.#report({ conversationId, ...counts, waiting, waitingSince, problem });
    } catch (error) {
      console.warn("mirror: a report is late:", loggableError(error));
      const { sent, received, leftOut, leftOutWhy } = this.#counts;
      this.#counts = {
        sent: sent + counts.sent,
        received: received + counts.received,
        leftOut: leftOut + counts.leftOut,
        leftOutWhy: leftOutWhy ?? counts.leftOutWhy,
      };
    }
  }
}
