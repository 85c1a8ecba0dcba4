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
  /** When the read under way began. */
  #readingAt = Number.NEGATIVE_INFINITY;
  /** How often a value was taken in: a read begun before the last time is too old to count. */
  #changes = 0;

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

  /**
   * The settings, read again when they are more than 5 s old. Answers within 2 s and never fails. While one
   * caller reads, the others take the last known value: a request that waits for a promise of another request
   * goes on as part of that one, and loses its sockets when that one ends.
   */
  async get(): Promise<Settings> {
    const fresh = this.peek();
    if (fresh !== undefined) return fresh;
    const now = this.#now();
    if (now - this.#failedAt < RETRY) return this.#value;
    if (this.#readAt !== Number.NEGATIVE_INFINITY && now - this.#readingAt < DEADLINE) return this.#value;
    this.#readingAt = now;
    const before = this.#changes;
    try {
      const settings = await withDeadline(this.#read(), DEADLINE, "settings");
      if (this.#changes === before) this.set(settings);
    } catch (error) {
      if (this.#changes === before) {
        this.#failedAt = this.#now();
        console.error("settings: not read, the last known ones count:", reason(error));
      }
    } finally {
      this.#readingAt = Number.NEGATIVE_INFINITY;
    }
    return this.#value;
  }

  /** Takes in what was just read or stored; a read still under way is too old to count after that. */
  set(settings: Settings): void {
    this.#value = settings;
    this.#readAt = this.#now();
    this.#changes += 1;
  }
}
