import type { StoredSettings } from "../database/stored-settings.ts";
import { withDeadline } from "../deadline.ts";
import { elapsed } from "../elapsed.ts";
import { loggableError } from "../loggable-error.ts";

/** How long (ms) what D1 said is handed on. An isolate counts this age as part of its own. */
const SHARED_FOR = 2_000;
/** How long (ms) D1 has, and is left alone after it failed. */
const DEADLINE = 1_500;
const PAUSE = 1_000;

/** What D1 has, as it was so many milliseconds ago. */
export type SharedSettings = StoredSettings & { age: number };

/**
 * What D1 said of the settings a moment ago, for isolates that start: after a deployment all of them do at once, and D1
 * is asked by each shard instead of by each of them.
 */
export class SettingsReader {
  readonly #read: () => Promise<StoredSettings>;
  readonly #now: () => number;
  #last: { stored: StoredSettings; at: number } | undefined;
  #reading: Promise<void> | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** The number of changes: a read that began before the last one is outdated. */
  #changes = 0;

  constructor(read: () => Promise<StoredSettings>, now: () => number) {
    this.#read = read;
    this.#now = now;
  }

  /** The owner changed something. */
  changed(): void {
    this.#changes += 1;
    this.#last = undefined;
    this.#reading = undefined;
  }

  /** Undefined if D1 does not answer: the callers have other ways to the settings. Never rejects. */
  async current(): Promise<SharedSettings | undefined> {
    const known = this.#shared();
    if (known !== undefined) return known;
    if (elapsed(this.#failedAt, this.#now()) < PAUSE) return undefined;
    this.#reading ??= this.#readNow();
    await this.#reading;
    return this.#shared();
  }

  async #readNow(): Promise<void> {
    const before = this.#changes;
    // From before it was read: a change of that time may be missing.
    const at = this.#now();
    try {
      const stored = await withDeadline(this.#read(), DEADLINE, "settings");
      if (this.#changes === before) this.#last = { stored, at };
    } catch (error) {
      this.#failedAt = this.#now();
      console.warn("settings: not read for isolates that start:", loggableError(error));
    } finally {
      if (this.#changes === before) this.#reading = undefined;
    }
  }

  #shared(): SharedSettings | undefined {
    if (this.#last === undefined) return undefined;
    const age = elapsed(this.#last.at, this.#now());
    return age <= SHARED_FOR ? { ...this.#last.stored, age } : undefined;
  }
}
