import { addCounts, addSpan, type Counts, emptySpan, MINUTE, type Span, spanOf } from "./counts.ts";
import type { MetricsTables } from "./metrics-tables.ts";
import type { Report } from "./report.ts";

const QUARTER = 15 * MINUTE;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How long minutes are kept (ms); after that, their hours are. */
const MINUTES_KEPT = 2 * DAY;
const HOURS_KEPT = 40 * DAY;
/** Hours that one report makes of old minutes. */
const HOURS_AT_ONCE = 2;

/** A row: fifteen minutes. */
interface Quarter {
  /** By minutes since 1970. */
  minutes: Record<string, Counts>;
  /** The number of the last report of each isolate whose newest minute is here. */
  reports: Record<string, number>;
}

/**
 * What isolates reported: a row for each quarter of an hour, and later one for each hour. A report writes all of its
 * rows in one turn: it is stored as a whole or not at all.
 */
export class StoredCounts {
  readonly #tables: MetricsTables;

  constructor(tables: MetricsTables) {
    this.#tables = tables;
  }

  /** Stores a report, unless it is stored. */
  add({ reporter, number, minutes }: Report, now: number): void {
    const newest = Math.max(...Object.keys(minutes).map(quarterOf));
    if ((this.#quarter(newest).reports[reporter] ?? 0) >= number) return;
    for (const [start, some] of Map.groupBy(Object.entries(minutes), ([minute]) => quarterOf(minute))) {
      const quarter = this.#quarter(start);
      for (const [minute, counts] of some) {
        const all = quarter.minutes[minute] ?? {};
        addCounts(all, counts);
        quarter.minutes[minute] = all;
      }
      if (start === newest) quarter.reports[reporter] = number;
      this.#tables.add(
        "quarters",
        "INSERT OR REPLACE INTO quarters VALUES (?, ?)",
        start,
        JSON.stringify(quarter),
      );
    }
    this.#tidy(now);
  }

  /** The minutes that are kept, from a time on (ms), by minutes since 1970. */
  minutesFrom(from: number): [number, Counts][] {
    return this.#quarters(from - QUARTER, Number.MAX_SAFE_INTEGER)
      .flatMap(({ minutes }) => Object.entries(minutes))
      .map(([minute, counts]): [number, Counts] => [Number(minute), counts])
      .filter(([minute]) => minute * MINUTE >= from);
  }

  /** The hours from a time on (ms) whose minutes are not kept any more, by their beginning (ms). */
  hoursFrom(from: number): [number, Span][] {
    return this.#tables
      .read<HourRow>("hours", "SELECT start, span FROM hours WHERE start >= ?", from)
      .map(({ start, span }) => [start, JSON.parse(span)]);
  }

  #quarter(start: number): Quarter {
    const [known] = this.#quarters(start, start + 1);
    return known ?? { minutes: {}, reports: {} };
  }

  /** Those that begin at or after a time (ms), and before another. */
  #quarters(from: number, before: number): Quarter[] {
    const query = "SELECT content FROM quarters WHERE start >= ? AND start < ?";
    return this.#tables
      .read<{ content: string }>("quarters", query, from, before)
      .map(({ content }) => JSON.parse(content));
  }

  /** A few old hours at a time, so that no report takes long. */
  #tidy(now: number): void {
    for (let times = 0; times < HOURS_AT_ONCE; times += 1) {
      const [oldest] = this.#tables.read<{ start: number }>(
        "quarters",
        "SELECT start FROM quarters ORDER BY start LIMIT 1",
      );
      if (oldest === undefined || oldest.start >= now - MINUTES_KEPT) break;
      this.#toHour(oldest.start - (oldest.start % HOUR));
    }
    this.#tables.change("hours", "DELETE FROM hours WHERE start < ?", now - HOURS_KEPT);
  }

  #toHour(start: number): void {
    const [known] = this.#tables.read<HourRow>(
      "hours",
      "SELECT start, span FROM hours WHERE start = ?",
      start,
    );
    const hour: Span = known === undefined ? emptySpan() : JSON.parse(known.span);
    for (const { minutes } of this.#quarters(start, start + HOUR)) {
      for (const counts of Object.values(minutes)) addSpan(hour, spanOf(counts));
    }
    this.#tables.add("hours", "INSERT OR REPLACE INTO hours VALUES (?, ?)", start, JSON.stringify(hour));
    this.#tables.change(
      "quarters",
      "DELETE FROM quarters WHERE start >= ? AND start < ?",
      start,
      start + HOUR,
    );
  }
}

// A type, since the row of a query has an index signature.
type HourRow = { start: number; span: string };

/** The beginning (ms) of the quarter of an hour of a minute since 1970. */
function quarterOf(minute: string): number {
  const time = Number(minute) * MINUTE;
  return time - (time % QUARTER);
}
