import type { ErrorName } from "../../protocol/errors.ts";
import type { LinkRecord } from "../../protocol/link-records.ts";
import type { CatchUpDeadline } from "./catch-up-deadline.ts";
import type { Forwarded } from "./forwarding.ts";

/** What a catch-up needs of its session. */
export interface CatchUpOwner {
  now(): number;
  timer(milliseconds: number, run: () => void): () => void;
  refuse(forwarded: Forwarded, error: ErrorName): void;
}

export type WakeRecord = LinkRecord & { kind: "wake" };

/** A conversation on which a session is being caught up: until that is complete, everything else of it waits (L5). */
export class CatchUpQueue {
  readonly #owner: CatchUpOwner;
  readonly #deadline: CatchUpDeadline;
  #wakes: WakeRecord[] = [];
  #frames: Forwarded[] = [];

  /** @param deadline how long frames wait, which all catch-ups of the session share */
  constructor(owner: CatchUpOwner, deadline: CatchUpDeadline) {
    this.#owner = owner;
    this.#deadline = deadline;
  }

  get hasFrames(): boolean {
    return this.#frames.length > 0;
  }

  /** Holds a wake. */
  hold(wake: WakeRecord): void {
    this.#wakes.push(wake);
  }

  /** Holds a frame for the conversation. Refuses it if that takes too long (I10). */
  send(forwarded: Forwarded): void {
    this.#frames.push(forwarded);
    const since = this.#owner.now();
    const check = () => {
      const position = this.#frames.indexOf(forwarded);
      if (position < 0) return;
      const remaining = this.#deadline.remaining(since, this.#owner.now());
      if (remaining > 0) return void this.#owner.timer(remaining, check);
      this.#frames.splice(position, 1);
      this.#owner.refuse(forwarded, "INTERNAL_ERROR");
    };
    this.#owner.timer(this.#deadline.remaining(since, since), check);
  }

  /** Takes the wakes, in order. */
  takeWakes(): WakeRecord[] {
    return this.#wakes.splice(0);
  }

  /** Takes the frames for the conversation, in order: none of them is refused any more. */
  takeFrames(): Forwarded[] {
    return this.#frames.splice(0);
  }
}
