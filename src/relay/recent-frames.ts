import { joinRecords } from "../protocol/link-records.ts";
import type { Narrowed, RelayedFrame, RelayedPosition, RelayRegistered } from "../protocol/relay-calls.ts";

/** What a relay keeps to replay from: some seconds of a busy room. */
const FRAMES_MAX = 500;
const BYTES_MAX = 1024 * 1024;

/** The latest entries, notices and unread counts of a conversation, for sessions that subscribe. */
export class RecentFrames {
  #frames: RelayedFrame[] = [];
  #bytes = 0;
  /** The number of the first frame that is kept. */
  #first = 0;
  /** Every entry after this time (ms) is here, and every notice after the other. */
  #entriesSince: number;
  #noticesSince: number;

  constructor({ recent, recentSince, noticesSince }: RelayRegistered) {
    this.#entriesSince = recentSince;
    this.#noticesSince = noticesSince;
    for (const frame of recent) this.add(frame);
  }

  /** The number of the next frame. */
  get end(): number {
    return this.#first + this.#frames.length;
  }

  /** Whether everything after these times (ms) is here. */
  reachesBackTo({ since, noticesAfter }: Pick<RelayedPosition, "since" | "noticesAfter">): boolean {
    return since !== undefined && since >= this.#entriesSince && noticesAfter >= this.#noticesSince;
  }

  add(frame: RelayedFrame): void {
    if (frame.upTo === undefined && frame.noticeAt === undefined && !isPersonal(frame)) return;
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
   * What a session lacks after these times (ms), as one frame; undefined if that is nothing.
   *
   * @param personalFrom what is for its client alone is news to it from the frame of this number on
   */
  after(
    entriesAfter: number,
    noticesAfter: number,
    personalFrom: number,
    subscriber: Hearer,
  ): Uint8Array | undefined {
    const parts: Uint8Array[] = [];
    for (const [index, frame] of this.#frames.entries()) {
      const isNew = isPersonal(frame)
        ? this.#first + index >= personalFrom
        : (frame.upTo ?? 0) > entriesAfter || (frame.noticeAt ?? 0) > noticesAfter;
      const part = isNew ? shownAtRelay(subscriber, frame) : undefined;
      if (part !== undefined) parts.push(part);
    }
    return parts.length === 0 ? undefined : joinRecords(parts);
  }
}

/** Whether a frame is for a few clients alone and in no log: an unread count. */
function isPersonal({ narrowed, upTo, noticeAt, isEphemeral }: RelayedFrame): boolean {
  const isInLog = upTo !== undefined || noticeAt !== undefined;
  const isTurn = narrowed?.isFirst === true || narrowed?.isLast === true;
  return narrowed?.to === "these" && !isInLog && !isTurn && !isEphemeral;
}

/** A session at a relay, as far as it matters for what it is sent. */
export interface Hearer {
  clientId: string;
  origin: number;
  /** Whether it is in the audience. */
  isPresent: boolean;
}

/** What a session at a relay is sent of a frame; undefined for nothing. Who is not in the audience may be named. */
export function shownAtRelay(
  { clientId, origin, isPresent }: Hearer,
  frame: RelayedFrame,
): Uint8Array | undefined {
  const { narrowed } = frame;
  const isNamed = narrowed?.to === "these" && isFor(clientId, narrowed);
  return isPresent || isNamed ? shownTo(clientId, origin, frame) : undefined;
}

/** What a session of the audience is sent of a frame; undefined for nothing. */
export function shownTo(
  clientId: string,
  origin: number,
  { frame, narrowed, author }: RelayedFrame,
): Uint8Array | undefined {
  if (author?.origin === origin) return author.instead;
  return narrowed === undefined || isFor(clientId, narrowed) ? frame : narrowed.instead;
}

/** Whether a narrowed frame is for a client. */
export function isFor(clientId: string, { to, clientIds }: Narrowed): boolean {
  return clientIds.includes(clientId) === (to === "these");
}
