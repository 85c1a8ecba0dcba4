import type { PresenceChange } from "../app/app-stub.ts";
import { PRESENCE_AT_ONCE, PRESENCE_WAITING } from "../bounds.ts";
import { elapsed } from "../elapsed.ts";
import { loggableError } from "../loggable-error.ts";

/** After so long (ms) a call's answer, or that it failed, is known: one of which nothing is heard died with its object. */
const CALL_LIFETIME = 6_000;

/** Tells the app of changes; has a deadline under `CALL_LIFETIME` and may reject. */
export type TellPresence = (changes: PresenceChange[]) => Promise<void>;

/**
 * Tells the app which clients are online, off everybody's path. The clients of an isolate share one: while a call is on
 * its way, what changes gathers for the next one, so that thousands of logins at once are a few calls and commits. Of
 * each client only the latest word is told. A word that fails is lost; the client's next one sets it right.
 */
export class Presence {
  readonly #now: () => number;
  /** What is not told yet, whoever waits longest first. */
  readonly #waiting = new Map<string, boolean>();
  /** The call on its way, and since when (ms). */
  #call: { since: number } | undefined;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * @param tell the caller's own way to the app: an object may not use another's. It serves for what gathers while its
   *   calls last; where its object dies, the next one's takes over.
   */
  changed({ clientId, online }: PresenceChange, tell: TellPresence): void {
    this.#waiting.delete(clientId); // it waits anew, at the end
    this.#waiting.set(clientId, online);
    const [first] = this.#waiting.keys();
    if (this.#waiting.size > PRESENCE_WAITING && first !== undefined) this.#waiting.delete(first);
    if (this.#call === undefined || elapsed(this.#call.since, this.#now()) >= CALL_LIFETIME)
      void this.#say(tell);
  }

  async #say(tell: TellPresence): Promise<void> {
    while (this.#waiting.size > 0) {
      const call = { since: this.#now() };
      this.#call = call;
      const changes = this.#take();
      try {
        await tell(changes);
      } catch (error) {
        console.warn(`presence of ${changes.length} clients:`, loggableError(error));
      }
      if (this.#call !== call) return; // another one took over
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
