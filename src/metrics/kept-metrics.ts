import { withDeadline } from "../deadline.ts";
import { elapsed } from "../elapsed.ts";
import { loggableError } from "../loggable-error.ts";
import { type Counts, MINUTE, type Span, spanOf } from "./counts.ts";
import type { MetricsTables } from "./metrics-tables.ts";
import type { Report } from "./report.ts";
import { beginOf, type Metrics, metricsOver, type Range } from "./series.ts";
import { ShownCounts } from "./shown-counts.ts";
import { StoredCounts } from "./stored-counts.ts";

/** What others count already: the AppObject. */
export interface AppFacts {
  /** Clients online now, and those that were today. */
  presence(): Promise<{ online: number; today: number }>;
  /** Up to when history in D1 is complete (ms). */
  archivedUntil(): Promise<number>;
}

/** The last minutes, for those who watch. */
export interface Snapshot {
  /** The minute that is going on and those before it in which something happened, the last first. */
  minutes: { /** Its beginning (ms). */ at: number; counts: Counts; messages: number }[];
  /** Null if the AppObject does not answer. */
  online: number | null;
  today: number | null;
  archiveBehindSeconds: number | null;
}

/** Minutes of a snapshot. */
const SHOWN = 3;
/** A report brings how many clients are online, unless one did in this time (ms). */
const PRESENCE_AFTER = 15 * MINUTE;
const PRESENCE_DEADLINE = 1_000; // ms
/** Those who watch are told so often (ms) how many are online. */
const FACTS_AFTER = 4_000;
/** Who watches asks every few seconds. After this time (ms) without a question, nobody does. */
const WATCHED = 30_000;
/** The archive is always a little behind, each time by another second. */
const BEHIND_STEP = 5; // seconds

const unknown = { online: null, today: null, archiveBehindSeconds: null };

/** What all isolates count, kept and read. */
export class KeptMetrics {
  readonly #stored: StoredCounts;
  readonly #shown = new ShownCounts();
  readonly #app: AppFacts;
  readonly #now: () => number;
  #presenceAt = Number.NEGATIVE_INFINITY;
  #watchedAt = Number.NEGATIVE_INFINITY;
  #facts: { at: number; facts: Omit<Snapshot, "minutes"> } = { at: Number.NEGATIVE_INFINITY, facts: unknown };

  /** @param now ms */
  constructor(tables: MetricsTables, app: AppFacts, now: () => number) {
    this.#stored = new StoredCounts(tables);
    this.#app = app;
    this.#now = now;
  }

  /** Stores a report. A repeat changes nothing. */
  async store(report: Report): Promise<void> {
    const [newest] = Object.keys(report.minutes).sort((a, b) => Number(b) - Number(a));
    if (newest === undefined) return;
    const presence = await this.#presenceIfDue();
    const now = this.#now();
    const minutes = { ...report.minutes, [newest]: { ...report.minutes[newest], ...presence } };
    this.#stored.add({ ...report, minutes }, now);
    this.#shown.stored(report, now);
  }

  /** Takes what an isolate has not reported yet. Returns whether anybody watches. */
  show(report: Report): boolean {
    const now = this.#now();
    this.#shown.show(report, now);
    return elapsed(this.#watchedAt, now) < WATCHED;
  }

  read(range: Range): Metrics {
    const now = this.#now();
    const from = beginOf(range, now);
    const minutes = Array.from(this.#minutesFrom(from, now), ([minute, counts]): [number, Span] => [
      minute * MINUTE,
      spanOf(counts),
    ]);
    return metricsOver(range, now, [...this.#stored.hoursFrom(from), ...minutes]);
  }

  /** The last minutes. Equal as long as nothing has changed. */
  async watch(): Promise<Snapshot> {
    this.#watchedAt = this.#now();
    if (elapsed(this.#facts.at, this.#watchedAt) >= FACTS_AFTER) {
      this.#facts.at = this.#watchedAt;
      this.#facts.facts = await this.#askFacts();
    }
    const now = this.#now();
    const from = now - (now % MINUTE) - (SHOWN - 1) * MINUTE;
    const minutes = Array.from(this.#minutesFrom(from, now), ([minute, counts]) => {
      return { at: minute * MINUTE, counts, messages: spanOf(counts).peaks.messages ?? 0 };
    });
    return { minutes: minutes.sort((a, b) => b.at - a.at).slice(0, SHOWN), ...this.#facts.facts };
  }

  #minutesFrom(from: number, now: number): Map<number, Counts> {
    const minutes = new Map(this.#stored.minutesFrom(from));
    this.#shown.addTo(minutes, from, now);
    return minutes;
  }

  async #presenceIfDue(): Promise<Counts> {
    const now = this.#now();
    if (elapsed(this.#presenceAt, now) < PRESENCE_AFTER) return {};
    this.#presenceAt = now;
    try {
      const { online, today } = await withDeadline(this.#app.presence(), PRESENCE_DEADLINE, "presence");
      return { online, users: today };
    } catch (error) {
      console.warn("metrics: a report without who is online:", loggableError(error));
      return {};
    }
  }

  async #askFacts(): Promise<Omit<Snapshot, "minutes">> {
    try {
      const asked = Promise.all([this.#app.presence(), this.#app.archivedUntil()]);
      const [{ online, today }, until] = await withDeadline(asked, PRESENCE_DEADLINE, "the app's facts");
      // 0 means not known yet.
      const behind = until === 0 ? null : Math.max(0, this.#now() - until) / 1000;
      const archiveBehindSeconds = behind && Math.floor(behind / BEHIND_STEP) * BEHIND_STEP;
      return { online, today, archiveBehindSeconds };
    } catch {
      return unknown;
    }
  }
}
