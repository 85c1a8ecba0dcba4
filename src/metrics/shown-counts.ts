import { elapsed } from "../elapsed.ts";
import { addCounts, type Counts, MINUTE } from "./counts.ts";
import type { Report } from "./report.ts";

/** Counts of an isolate that shows no more are forgotten after this time (ms): it has reported, or is gone. */
const KEPT = 20 * MINUTE;

/** What isolates have shown and not reported yet. In memory: isolates show it again. */
export class ShownCounts {
  readonly #shown = new Map<string, { report: Report; at: number }>();
  /** The number of the last report of each isolate that was stored, and when that was (ms). */
  readonly #stored = new Map<string, { number: number; at: number }>();

  /** Replaces what an isolate showed before. What it has reported since counts as that. */
  show(report: Report, now: number): void {
    if (report.number > (this.#stored.get(report.reporter)?.number ?? 0))
      this.#shown.set(report.reporter, { report, at: now });
  }

  stored({ reporter, number }: Report, now: number): void {
    this.#stored.set(reporter, { number, at: now });
    const shown = this.#shown.get(reporter);
    if (shown !== undefined && shown.report.number <= number) this.#shown.delete(reporter);
    for (const [each, { at }] of this.#stored) if (elapsed(at, now) > KEPT) this.#stored.delete(each);
  }

  /** Adds what is shown to minutes from a time on (ms), by minutes since 1970. */
  addTo(minutes: Map<number, Counts>, from: number, now: number): void {
    for (const [reporter, { report, at }] of this.#shown) {
      if (elapsed(at, now) > KEPT) this.#shown.delete(reporter);
      else {
        for (const [minute, counts] of Object.entries(report.minutes)) {
          if (Number(minute) * MINUTE < from) continue;
          const all = minutes.get(Number(minute)) ?? {};
          addCounts(all, counts);
          minutes.set(Number(minute), all);
        }
      }
    }
  }
}
