import { joinRecords } from "../../protocol/link-records.ts";

/** Records for sessions that are sent at the end of a turn, those for one session as one frame. */
export class GatheredFrames<Receiver> {
  readonly #frames = new Map<Receiver, Uint8Array[]>();

  add(receiver: Receiver, frame: Uint8Array): void {
    const before = this.#frames.get(receiver);
    if (before === undefined) this.#frames.set(receiver, [frame]);
    else before.push(frame);
  }

  /** What a session is sent so far, which is then no longer waiting; undefined if that is nothing. */
  take(receiver: Receiver): Uint8Array | undefined {
    const parts = this.#frames.get(receiver);
    this.#frames.delete(receiver);
    return parts && joinRecords(parts);
  }

  /** What each is sent, in the order in which they first were. Sessions that are sent the same share it. */
  *joined(): Generator<[Receiver, Uint8Array]> {
    let last: { parts: readonly Uint8Array[]; frame: Uint8Array } | undefined;
    for (const [receiver, parts] of this.#frames) {
      if (last === undefined || !areSame(last.parts, parts)) last = { parts, frame: joinRecords(parts) };
      yield [receiver, last.frame];
    }
  }
}

function areSame(some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return some.length === others.length && some.every((part, at) => part === others[at]);
}
