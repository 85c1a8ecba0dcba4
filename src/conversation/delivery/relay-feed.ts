import type { RelayedFrame } from "../../protocol/relay-calls.ts";

/** What a relay that does not answer may be behind before its sessions have to subscribe again. */
const FRAMES_MAX = 1_000;
const BYTES_MAX = 2 * 1024 * 1024;
/** More frames than are ever added in this time. */
const NUMBERS_PER_MILLISECOND = 1_000;
/** Bytes of one call to a relay. */
const CALL_BYTES = 512 * 1024;

/** The latest frames for the relays of a conversation, each with a number. A relay is sent them in order. */
export class RelayFeed {
  #frames: RelayedFrame[] = [];
  #bytes = 0;
  /** The number of the first frame that is kept. */
  #first: number;
  #entriesSince: number;
  #noticesSince: number;

  /**
   * @param now numbers begin with this time (ms), so that they go on after those of the feed before
   * @param entriesSince every entry after this time (ms) is here, and every notice after the other
   */
  constructor(now: number, entriesSince: number, noticesSince: number) {
    this.#first = now * NUMBERS_PER_MILLISECOND;
    this.#entriesSince = entriesSince;
    this.#noticesSince = noticesSince;
  }

  /** The number of the next frame. */
  get end(): number {
    return this.#first + this.#frames.length;
  }

  /** The frames that a relay replays from, and the times (ms) after which they are complete. */
  get recent(): { recent: RelayedFrame[]; recentSince: number; noticesSince: number } {
    const recent = this.#frames.filter(({ upTo, noticeAt }) => upTo !== undefined || noticeAt !== undefined);
    return { recent, recentSince: this.#entriesSince, noticesSince: this.#noticesSince };
  }

  add(frame: RelayedFrame): void {
    this.#frames.push(frame);
    this.#bytes += frame.frame.length;
    while (this.#frames.length > FRAMES_MAX || this.#bytes > BYTES_MAX) {
      const dropped = this.#frames.shift();
      if (dropped === undefined) return;
      this.#first += 1;
      this.#bytes -= dropped.frame.length;
      this.#entriesSince = Math.max(this.#entriesSince, dropped.upTo ?? 0);
      this.#noticesSince = Math.max(this.#noticesSince, dropped.noticeAt ?? 0);
    }
  }

  /**
   * The frames for one call, from a number on.
   *
   * @param sentUpTo frames before this number may have arrived: those that must not arrive twice are left out
   */
  take(from: number, sentUpTo: number): { frames: RelayedFrame[]; hasGap: boolean; end: number } {
    const start = Math.max(from, this.#first);
    const frames: RelayedFrame[] = [];
    let bytes = 0;
    let end = start;
    for (const frame of this.#frames.slice(start - this.#first)) {
      if (bytes > 0 && bytes + frame.frame.length > CALL_BYTES) break;
      bytes += frame.frame.length;
      if (end >= sentUpTo || !frame.isEphemeral) frames.push(frame);
      end += 1;
    }
    return { frames, hasGap: from < this.#first, end };
  }
}
