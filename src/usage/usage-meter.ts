import { elapsed } from "../elapsed.ts";
import { Busiest } from "./busiest.ts";
import { DAY, type DayUsage, noUsage, type Usage, type UsageName, type UsageReport } from "./usage-report.ts";

/** A report tells of about so much: rows, requests and messages, which weigh 1 each. */
export const REPORT_WEIGHT = 10_000;
const WEIGHTS: Usage = {
  messages: 1,
  objectRows: 1,
  objectRowsRead: 1 / 1_000,
  databaseRows: 1,
  databaseRowsRead: 1 / 1_000,
  databaseCalls: 1 / 10,
  socketMessages: 1 / 20,
  otherEvents: 1,
  queued: 1,
  directPushes: 1,
  workerRequests: 1,
  frames: 1 / 100,
};
/**
 * On a single machine, less is reported after this time (ms), with what happens next. Heartbeats and the work of a
 * report are counted, but are no reason for one: an hour without messages, logins and requests costs nothing.
 */
const REPORT_AFTER = 15 * 60_000;
/** A report without an answer is repeated after this time (ms): the request that it was a part of may be over. */
const REPEAT_AFTER = 10_000;
/** Conversations that one isolate knows the use of, for each day. */
const PLACES = 64;
/** Days that wait for a report. */
const DAYS = 3;

export interface UsageMeterHost {
  /** Resolves once the report is stored. A repeat with the same number counts once. May reject. */
  store(report: UsageReport): Promise<void>;
  now(): number;
  /** A number from 0 to 1. */
  random(): number;
  /**
   * Whether there are many isolates, most of which end before they have much to report, and without a word. Else there
   * is one, which loses what it has not reported when the server is killed.
   */
  isOneOfMany: boolean;
}

interface Day {
  number: number;
  counts: Usage;
  conversations: Busiest;
}

/**
 * Counts in one isolate what the platform bills. It reports when a draw falls on what was just counted, which happens
 * once for `REPORT_WEIGHT`, and then all that it has counted. Of many isolates that end early, few report. So the first
 * report of an isolate counts what the draw fell on as often as it is rare: that stands for what is lost, here after the
 * last report, and in isolates that never report. In the mean it is exactly that.
 */
export class UsageMeter {
  readonly #host: UsageMeterHost;
  readonly #reporter = crypto.randomUUID();
  #days: Day[] = [];
  /** The number of the next report. */
  #number = 1;
  /** How much more is counted before the next draw falls. */
  #left: number;
  #isDue = false;
  /** When the first of what is a reason for a report, and not reported, was counted (ms). */
  #since: number | undefined;
  #sent: { report: UsageReport; at: number } | undefined;

  constructor(host: UsageMeterHost) {
    this.#host = host;
    this.#left = this.#draw();
  }

  /** @param conversationId of the conversation whose messages or rows these are, if they are one's */
  add(name: UsageName, amount: number, conversationId?: string): void {
    const day = this.#today();
    const weight = amount * WEIGHTS[name];
    this.#left -= weight;
    const times = this.#left > 0 ? 1 : this.#hit(weight);
    day.counts[name] += amount * times;
    if (name !== "frames" && this.#sent === undefined) this.#since ??= this.#host.now();
    if (conversationId === undefined) return;
    const messages = name === "messages" ? amount : 0;
    day.conversations.add(conversationId, messages * times, (amount - messages) * times);
  }

  /** Reports what was counted if a draw fell on it. Returns what is under way because of this call; it never rejects. */
  reportIfDue(): Promise<void> | undefined {
    if (this.#sent !== undefined) {
      const now = this.#host.now();
      return elapsed(this.#sent.at, now) < REPEAT_AFTER ? undefined : this.#store(this.#sent.report, now);
    }
    return this.#isDue || this.#isLate() ? this.#report() : undefined;
  }

  /** Reports all that was counted, since the isolate ends. Never rejects. */
  async reportAll(): Promise<void> {
    if (this.#sent !== undefined) await this.#store(this.#sent.report, this.#host.now());
    if (this.#days.length > 0) await this.#report();
  }

  /** What is not reported yet. */
  get unreported(): UsageReport {
    const days = this.#days.map(({ number, counts, conversations }): [number, DayUsage] => [
      number,
      { counts: { ...counts }, conversations: conversations.top(PLACES) },
    ]);
    return { reporter: this.#reporter, number: this.#number, days: Object.fromEntries(days) };
  }

  /** The draw fell on something of this weight. Returns as how many of it it counts. */
  #hit(weight: number): number {
    const isFirst = this.#number === 1 && !this.#isDue;
    this.#isDue = true;
    this.#left = this.#draw();
    return isFirst && this.#host.isOneOfMany ? 1 + REPORT_WEIGHT / weight : 1;
  }

  #draw(): number {
    return this.#host.isOneOfMany ? -Math.log(1 - this.#host.random()) * REPORT_WEIGHT : REPORT_WEIGHT;
  }

  #isLate(): boolean {
    if (this.#host.isOneOfMany || this.#since === undefined) return false;
    return elapsed(this.#since, this.#host.now()) >= REPORT_AFTER;
  }

  #today(): Day {
    const now = this.#host.now();
    const number = Math.floor(now / DAY);
    const last = this.#days.at(-1);
    if (last?.number === number) return last;
    const known = this.#days.find((day) => day.number === number);
    if (known !== undefined) return known;
    const day = { number, counts: noUsage(), conversations: new Busiest(PLACES, this.#host.random) };
    this.#days.push(day);
    if (this.#days.length > DAYS) this.#days.shift();
    return day;
  }

  #report(): Promise<void> {
    const report = this.unreported;
    this.#number += 1;
    this.#days = [];
    this.#isDue = false;
    this.#since = undefined;
    return this.#store(report, this.#host.now());
  }

  async #store(report: UsageReport, now: number): Promise<void> {
    this.#sent = { report, at: now };
    try {
      await this.#host.store(report);
      if (this.#sent?.report === report) this.#sent = undefined;
    } catch {
      // It is repeated.
    }
  }
}
