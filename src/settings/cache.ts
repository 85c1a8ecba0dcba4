import { withDeadline } from "../deadline.ts";
import { reason } from "../reason.ts";
import type { Settings } from "./schema.ts";

/** How old a value may be before it is read again: a change reaches every isolate within this time. */
const FRESH: Milliseconds = 5_000;
/** Nobody waits longer than this for D1. */
const DEADLINE: Milliseconds = 2_000;
/** A D1 that fails is not asked more often than this. */
const RETRY: Milliseconds = 1_000;

type Milliseconds = number;

/**
 * The settings as this isolate last read them. Every command asks, so a fresh value costs nothing, and a D1
 * that is slow or down costs one deadline a second at most and no command (I11): the last known value, or
 * the defaults, count meanwhile.
 */
export class SettingsCache {
  readonly #read: () => Promise<Settings>;
  readonly #now: () => Milliseconds;
  #value: Settings;
  #readAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<Settings> | undefined;

  /** `read` asks D1 and may fail; `defaults` stand in until it has answered once. */
  constructor(read: () => Promise<Settings>, defaults: Settings, now: () => Milliseconds = Date.now) {
    this.#read = read;
    this.#value = defaults;
    this.#now = now;
  }

  /** The settings without waiting, or `undefined` when they are more than 5 s old. */
  peek(): Settings | undefined {
    return this.#now() - this.#readAt <= FRESH ? this.#value : undefined;
  }

  /** The settings as last read, however old; the defaults before the first time. */
  get last(): Settings {
    return this.#value;
  }

  /** The settings, read again when they are more than 5 s old. Answers within 2 s and never fails. */
  async get(): Promise<Settings> {
    const fresh = this.peek();
    if (fresh !== undefined) return fresh;
    if (this.#now() - this.#failedAt < RETRY) return this.#value;
    this.#reading ??= this.#read();
    const reading = this.#reading;
    try {
      // Each caller keeps its own deadline: a read begun in a request that was cut off never settles.
      const settings = await withDeadline(reading, DEADLINE, "settings");
      if (this.#reading === reading) this.set(settings);
    } catch (error) {
      if (this.#reading === reading) {
        this.#reading = undefined;
        this.#failedAt = this.#now();
        console.error("settings: not read, the last known ones count:", reason(error));
      }
    }
    return this.#value;
  }

  /** Takes in what was just read or stored; a read still under way is too old to count after that. */
  set(settings: Settings): void {
    this.#value = settings;
    this.#readAt = this.#now();
    this.#reading = undefined;
  }
}
