import { elapsed } from "../elapsed.ts";
import type { UsageMeter } from "../usage/usage-meter.ts";
import { CountedMinutes } from "./counted-minutes.ts";
import {
  type CountName,
  type Counts,
  type HookEndpoint,
  latencyBucket,
  type MessageCount,
  MINUTE,
} from "./counts.ts";
import type { Report } from "./report.ts";

/** Counts that were not reported for this long (ms) are reported with what happens next. */
const REPORT_AFTER = 15 * MINUTE;
/** So much is reported at once: a thousand messages, or ten thousand requests, logins and the like. */
const REPORT_WEIGHT = 10_000;
const MESSAGE_WEIGHT = 10;
/** Reports are at least this far apart (ms), however much is counted. */
const REPORT_PAUSE = 10_000;
/** A report without an answer is repeated after this time (ms): the request that it was a part of may be over. */
const REPEAT_AFTER = 10_000;
/** While somebody watches, counts are shown this often (ms); less often once nobody seems to. */
const SHOW_EVERY = 2_000;
const SHOW_UNWATCHED_EVERY = 30_000;

/** What is told of what the platform bills, and reports it on the same occasions. */
export type UsageCounter = Pick<UsageMeter, "add" | "reportIfDue">;

/** How a meter reports. Both may reject. */
export interface Reporting {
  /** Resolves once the report is stored. A repeat with the same number counts once. */
  store(report: Report): Promise<void>;
  /** Shows what is not reported yet. Resolves to whether somebody watches. */
  show(report: Report): Promise<boolean>;
}

/**
 * Counts what happens in one isolate, in memory. It reports on the occasion of what happens, so an isolate in which
 * nothing happens costs nothing. What it has not reported is lost with it, unless it is told of its end.
 */
export class Meter {
  readonly #reporter = crypto.randomUUID();
  readonly #reporting: Reporting;
  readonly #now: () => number;
  readonly #usage: UsageCounter;
  readonly #minutes = new CountedMinutes();
  /** The number of the next report. */
  #number = 1;
  #weight = 0;
  /** When the first count with a weight was counted (ms). */
  #since = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;
  /** The report that may not be stored yet, and when it was last sent (ms). */
  #sent: { report: Report; at: number } | undefined;
  /** Whether anything was counted since it was last shown, and when that was (ms). */
  #hasNews = false;
  #shownAt = Number.NEGATIVE_INFINITY;
  #showEvery = SHOW_EVERY;
  #watchedUntil = 0;

  /** @param now ms @param usage is told of what the platform bills */
  constructor(reporting: Reporting, now: () => number, usage: UsageCounter) {
    this.#reporting = reporting;
    this.#now = now;
    this.#usage = usage;
  }

  /** Something happened once. */
  count(name: CountName): void {
    this.#count(name, 1);
  }

  /** @param conversationId of a message that is kept */
  message(name: MessageCount, conversationId?: string): void {
    this.#count(name, MESSAGE_WEIGHT);
    this.#usage.add("messages", 1, conversationId);
  }

  // What comes with each message, or with a heartbeat, has no weight and is no reason for a report.

  /** Messages were written to a user's socket. */
  delivered(messages: number): void {
    add(this.#current(), "deliveries", messages);
  }

  /** A frame of a user's socket, of so many bytes. */
  received(bytes: number): void {
    const counts = this.#current();
    this.#usage.add("frames", 1);
    add(counts, "frames.in", 1);
    add(counts, "bytes.in", bytes);
  }

  /** Frames were written to a user's socket, of so many bytes together. */
  sent(frames: number, bytes: number): void {
    const counts = this.#current();
    this.#usage.add("frames", frames);
    add(counts, "frames.out", frames);
    add(counts, "bytes.out", bytes);
  }

  /** A call of a hook is over, after so many milliseconds. */
  called(endpoint: HookEndpoint, milliseconds: number, isFailure: boolean): void {
    this.count(`hooks.${endpoint}.calls`);
    if (isFailure) this.count(`hooks.${endpoint}.failures`);
    const counts = this.#current();
    add(counts, `hooks.${endpoint}.ms`, milliseconds);
    add(counts, `hooks.${endpoint}.${latencyBucket(milliseconds)}`, 1);
    const longest = `hooks.${endpoint}.max_ms`;
    counts[longest] = Math.max(counts[longest] ?? 0, milliseconds);
  }

  /** Messages were deleted because they were too old. */
  deleted(messages: number): void {
    this.count("retention.messages");
    add(this.#current(), "retention.messages", messages - 1);
  }

  /** A user's socket opened. */
  connected(): void {
    this.count("connects");
    this.#minutes.connectionsChanged(1, this.#now());
  }

  disconnected(): void {
    this.#hasNews = true;
    this.#minutes.connectionsChanged(-1, this.#now());
  }

  /** Somebody watches until then (ms), as far as is known. */
  watched(until: number): void {
    if (until > this.#watchedUntil) this.#showEvery = SHOW_EVERY;
    this.#watchedUntil = until;
  }

  /**
   * Reports what was counted if there is enough of it, and shows it if somebody watches. To be called when something
   * has happened. Returns what is under way because of this call; it never rejects.
   */
  reportIfDue(): Promise<void> | undefined {
    void this.#usage.reportIfDue();
    const now = this.#now();
    if (this.#sent !== undefined) {
      if (elapsed(this.#sent.at, now) >= REPEAT_AFTER) return this.#store(this.#sent.report, now);
    } else if (this.#isDue(now)) return this.#report(now);
    if (now >= this.#watchedUntil || elapsed(this.#shownAt, now) < this.#showEvery) return undefined;
    return this.show();
  }

  /** Reports all that was counted, since the isolate ends. Never rejects. */
  async reportAll(): Promise<void> {
    if (this.#sent !== undefined) await this.#store(this.#sent.report, this.#now());
    if (Object.keys(this.#minutes.read()).length > 0) await this.#report(this.#now());
  }

  /** What is not reported yet, for who asks for all counts: the object may have forgotten what it was shown. */
  get unreported(): Report {
    return { reporter: this.#reporter, number: this.#number, minutes: this.#minutes.read() };
  }

  /** Shows what is not reported yet, if that is news. Never rejects. */
  async show(): Promise<void> {
    if (!this.#hasNews) return;
    this.#hasNews = false;
    this.#shownAt = this.#now();
    try {
      this.#showEvery = (await this.#reporting.show(this.unreported)) ? SHOW_EVERY : SHOW_UNWATCHED_EVERY;
    } catch {
      this.#hasNews = true;
    }
  }

  #count(name: CountName, weight: number): void {
    if (this.#weight === 0) this.#since = this.#now();
    this.#weight += weight;
    add(this.#current(), name, 1);
  }

  #current(): Counts {
    this.#hasNews = true;
    return this.#minutes.at(this.#now());
  }

  #isDue(now: number): boolean {
    if (this.#weight === 0 || elapsed(this.#reportedAt, now) < REPORT_PAUSE) return false;
    return this.#weight >= REPORT_WEIGHT || elapsed(this.#since, now) >= REPORT_AFTER;
  }

  #report(now: number): Promise<void> {
    const report = { reporter: this.#reporter, number: this.#number, minutes: this.#minutes.take() };
    this.#number += 1;
    this.#weight = 0;
    this.#reportedAt = now;
    return this.#store(report, now);
  }

  async #store(report: Report, now: number): Promise<void> {
    this.#sent = { report, at: now };
    try {
      await this.#reporting.store(report);
      // Another attempt may have been answered first.
      if (this.#sent?.report === report) this.#sent = undefined;
    } catch {
      // It is repeated.
    }
  }
}

function add(counts: Counts, name: CountName, amount: number): void {
  counts[name] = (counts[name] ?? 0) + amount;
}
