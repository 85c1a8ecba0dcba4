import { loggableError } from "../../loggable-error.ts";
import type { CopyProgress } from "./copy-progress.ts";

/** The app's object, as it is told whether it can rely on D1. Every call has a deadline and may reject. */
export interface BehindCalls {
  /** Reports to the app that D1 may lack messages after a time (ms). */
  behind(conversationId: string, since: number): Promise<void>;
  caughtUp(conversationId: string): Promise<void>;
}

/** Reports to the app that D1 is behind a conversation, and that it has caught up. */
export class BehindReports {
  readonly #copy: CopyProgress;
  readonly #calls: BehindCalls;
  /** Whether the app still has to be sent that D1 is behind. */
  #isUnreported = false;

  constructor(copy: CopyProgress, calls: BehindCalls) {
    this.#copy = copy;
    this.#calls = calls;
  }

  /**
   * Reports once each time D1 falls behind, and again only if the report failed. It is stored first, so that the end is
   * reported even if the object hibernates or dies. Never rejects.
   *
   * @param missing time of the first entry that D1 lacks (ms); undefined if that is not known
   */
  async behind(id: string, missing: number | undefined): Promise<void> {
    if (missing !== undefined && this.#copy.behindSince === undefined) {
      this.#copy.setBehind(missing - 1);
      this.#isUnreported = true;
    }
    const since = this.#copy.behindSince;
    if (!this.#isUnreported || since === undefined) return;
    try {
      await this.#calls.behind(id, since);
      this.#isUnreported = false;
    } catch (error) {
      console.warn(`could not report that history of ${id} is late:`, loggableError(error));
    }
  }

  /** Resolves to whether the app knows; never rejects. */
  async caughtUp(id: string): Promise<boolean> {
    try {
      await this.#calls.caughtUp(id);
      this.#copy.setCaughtUp();
      return true;
    } catch (error) {
      console.warn(`could not report that history of ${id} caught up:`, loggableError(error));
      return false;
    }
  }
}
