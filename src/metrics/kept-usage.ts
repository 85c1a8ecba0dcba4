import { type DayUsage, noUsage, sumOfUsages, type UsageReport } from "../usage/usage-report.ts";
import type { MetricsTables } from "./metrics-tables.ts";

/** Days that are kept: a year and a month, to compare with. */
const KEPT = 400;
/** Isolates whose last report a day remembers, so that a repeat counts once. */
const REPORTERS = 256;

/** A row: a day (UTC). */
interface StoredDay extends DayUsage {
  /** The number of the last report of each isolate, the last to report last. */
  reports: Record<string, number>;
}

/** What all isolates used, by days. A report writes all of its rows in one turn: it is stored as a whole or not at all. */
export class KeptUsage {
  readonly #tables: MetricsTables;

  constructor(tables: MetricsTables) {
    this.#tables = tables;
  }

  /** Stores a report. A repeat changes nothing. */
  store({ reporter, number, days }: UsageReport): void {
    const newest = Math.max(...Object.keys(days).map(Number));
    if (!Number.isFinite(newest) || this.#isStored(newest, reporter, number)) return;
    for (const [day, usage] of Object.entries(days)) {
      const { counts, conversations, reports } = this.#day(Number(day));
      const others = Object.entries(reports).filter(([other]) => other !== reporter);
      const stored: StoredDay = {
        ...sumOfUsages([{ counts, conversations }, usage]),
        reports: { ...Object.fromEntries(others.slice(1 - REPORTERS)), [reporter]: number },
      };
      const content = JSON.stringify(stored);
      this.#tables.add("days", "INSERT OR REPLACE INTO days VALUES (?, ?)", Number(day), content);
    }
    this.#tables.change("days", "DELETE FROM days WHERE day <= ?", newest - KEPT);
  }

  /** The days from one to another, both since 1970, in which something was used, with what an isolate has not reported. */
  read(from: number, to: number, unreported: UsageReport): [number, DayUsage][] {
    const days = new Map<number, DayUsage>(this.#days(from, to));
    for (const [day, usage] of Object.entries(unreported.days)) {
      const number = Number(day);
      if (number < from || number > to || this.#isStored(number, unreported.reporter, unreported.number))
        continue;
      const stored = days.get(number);
      days.set(number, stored === undefined ? usage : sumOfUsages([stored, usage], Number.POSITIVE_INFINITY));
    }
    return [...days].sort(([one], [other]) => one - other);
  }

  #isStored(day: number, reporter: string, number: number): boolean {
    return (this.#day(day).reports[reporter] ?? 0) >= number;
  }

  #day(day: number): StoredDay {
    const [known] = this.#days(day, day);
    return known?.[1] ?? { counts: noUsage(), conversations: [], reports: {} };
  }

  #days(from: number, to: number): [number, StoredDay][] {
    const query = "SELECT day, content FROM days WHERE day BETWEEN ? AND ? ORDER BY day";
    return this.#tables
      .read<{ day: number; content: string }>("days", query, from, to)
      .map(({ day, content }) => [day, JSON.parse(content)]);
  }
}
