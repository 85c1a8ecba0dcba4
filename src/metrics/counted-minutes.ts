import { type Counts, MINUTE } from "./counts.ts";

/** Minutes that are kept while no report arrives. */
const KEPT = 4 * 60;
/** Minutes in which sockets were open and nothing else happened are filled in, this many of them. */
const FILLED_IN = 60;

/** What one isolate counted and has not reported, by minutes since 1970. */
export class CountedMinutes {
  #minutes = new Map<number, Counts>();
  #last: { minute: number; counts: Counts } | undefined;
  #connections = 0;
  /** Of the minute that was going on at the last report: how many connections that has told of. */
  #reported = { minute: 0, connections: 0 };

  /** The counts of the minute of a time (ms). Callers add to them. */
  at(now: number): Counts {
    const minute = Math.floor(now / MINUTE);
    if (this.#last?.minute === minute) return this.#last.counts;
    const before = this.#last?.minute ?? this.#reported.minute;
    const idle = this.#connections === 0 ? minute : Math.max(before + 1, minute - FILLED_IN);
    for (let each = idle; each < minute; each += 1) this.#countsOf(each);
    const counts = this.#countsOf(minute);
    this.#last = { minute, counts };
    return counts;
  }

  /** A socket opened at a time (ms), or closed. The highest number of a minute counts. */
  connectionsChanged(by: 1 | -1, now: number): void {
    const counts = this.at(now);
    this.#connections += by;
    const open = this.#untold(Math.floor(now / MINUTE));
    if (open > (counts.connections ?? 0)) counts.connections = open;
  }

  /** A copy of all. */
  read(): Record<string, Counts> {
    return Object.fromEntries(Array.from(this.#minutes, ([minute, counts]) => [minute, { ...counts }]));
  }

  /** Takes all: what is counted after that is another report's. */
  take(): Record<string, Counts> {
    const taken = Object.fromEntries(this.#minutes);
    if (this.#last !== undefined) {
      const { minute, counts } = this.#last;
      const before = this.#reported.minute === minute ? this.#reported.connections : 0;
      this.#reported = { minute, connections: before + (counts.connections ?? 0) };
    }
    this.#minutes = new Map();
    this.#last = undefined;
    return taken;
  }

  #countsOf(minute: number): Counts {
    const known = this.#minutes.get(minute);
    if (known !== undefined) return known;
    const open = this.#untold(minute);
    const counts: Counts = open > 0 ? { connections: open } : {};
    this.#minutes.set(minute, counts);
    const [oldest] = this.#minutes.keys();
    if (this.#minutes.size > KEPT && oldest !== undefined) this.#minutes.delete(oldest);
    return counts;
  }

  /** Reports of the same minute are added up. */
  #untold(minute: number): number {
    return this.#connections - (this.#reported.minute === minute ? this.#reported.connections : 0);
  }
}
