import type { PresenceChange } from "../app/app-stub.ts";
import { PRESENCE_AT_ONCE, PRESENCE_WAITING } from "../bounds.ts";
import { elapsed } from "../elapsed.ts";
import { loggableError } from "../loggable-error.ts";

/** How long (ms) a call may take to succeed or fail. One without a result by then died with its object. */
const CALL_LIFETIME = 6_000;

/** Reports changes to the app. It has a deadline under `CALL_LIFETIME` and may reject. */
export type ReportPresence = (changes: PresenceChange[]) => Promise<void>;

/** The reporters of an isolate, one for each shard of the app, so that none waits for a shard which does not answer. */
export class PresenceReporters {
  readonly #reporters = new Map<number, PresenceReporter>();

  of(shard: number): PresenceReporter {
    const reporter = this.#reporters.get(shard) ?? new PresenceReporter();
    this.#reporters.set(shard, reporter);
    return reporter;
  }
}

/**
 * Reports to the app which clients are online, without anything waiting for it. The clients of a shard share one
 * reporter in each isolate: while a call is running, changes are collected for the next one, so that thousands of logins at once are a
 * few calls and commits. Of each client only the latest state is reported. A report that fails is lost; the client's
 * next one corrects it.
 */
export class PresenceReporter {
  readonly #now: () => number;
  /** Changes that are not reported yet, the oldest first. */
  readonly #waiting = new Map<string, boolean>();
  /** The running call, and since when (ms). */
  #call: { since: number } | undefined;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * @param report the caller's own call to the app, since an object may not use another's. It also carries the changes
   * that other callers add while its calls run. If its object dies, the call of the next change takes over.
   */
  changed({ clientId, online }: PresenceChange, report: ReportPresence): void {
    this.#waiting.delete(clientId); // it waits again, at the end
    this.#waiting.set(clientId, online);
    const [first] = this.#waiting.keys();
    if (this.#waiting.size > PRESENCE_WAITING && first !== undefined) this.#waiting.delete(first);
    if (this.#call === undefined || elapsed(this.#call.since, this.#now()) >= CALL_LIFETIME)
      void this.#run(report);
  }

  async #run(report: ReportPresence): Promise<void> {
    while (this.#waiting.size > 0) {
      const call = { since: this.#now() };
      this.#call = call;
      const changes = this.#take();
      try {
        await report(changes);
      } catch (error) {
        console.warn(`presence of ${changes.length} clients:`, loggableError(error));
      }
      if (this.#call !== call) return; // another call took over
    }
    this.#call = undefined;
  }

  #take(): PresenceChange[] {
    const changes: PresenceChange[] = [];
    for (const [clientId, online] of this.#waiting) {
      if (changes.length === PRESENCE_AT_ONCE) break;
      this.#waiting.delete(clientId);
      changes.push({ clientId, online });
    }
    return changes;
  }
}
