import { withDeadline } from "../deadline.ts";
import { elapsed } from "../elapsed.ts";
import { loggableError } from "../loggable-error.ts";
import type { Settings } from "./schema.ts";

/** How old a value may be before it is read again: a change reaches every isolate within this time. */
const FRESH: Milliseconds = 5_000;
/** Nobody waits longer than this for D1. */
const DEADLINE: Milliseconds = 2_000;
/** Nor, when D1 failed, for the copy of the settings that is kept elsewhere. */
const KEPT_DEADLINE: Milliseconds = 1_000;
/** A D1 that fails is not asked more often than this. */
const RETRY: Milliseconds = 1_000;

type Milliseconds = number;

/** Where settings come from. Both may fail. */
export interface SettingsSource {
  /** Asks D1. */
  read(): Promise<Settings>;
  /** Asks for the copy that is kept for when D1 fails; undefined when none was ever kept. */
  kept(): Promise<Settings | undefined>;
}

/**
 * The settings as this isolate last read them. Every command asks, so a fresh value costs nothing, and a D1
 * that is slow or down costs one deadline a second at most and no command (I11): the kept copy counts meanwhile, else
 * the last known value, else the defaults. The copy before what this isolate knows, which may be from before the
 * owner asked for signed logins.
 */
export class SettingsCache {
  readonly #source: SettingsSource;
  readonly #now: () => Milliseconds;
  #value: Settings;
  /** Whether the value is more than the defaults. */
  #known = false;
  #readAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** When the read under way began. */
  #readingAt = Number.NEGATIVE_INFINITY;
  /** How often a value was taken in: a read begun before the last time is too old to count. */
  #changes = 0;

  /** `defaults` stand in until the source has answered once. */
  constructor(source: SettingsSource, defaults: Settings, now: () => Milliseconds = Date.now) {
    this.#source = source;
    this.#value = defaults;
    this.#now = now;
  }

  /** The settings without waiting, or `undefined` when they are more than 5 s old. */
  peek(): Settings | undefined {
    return elapsed(this.#readAt, this.#now()) <= FRESH ? this.#value : undefined;
  }

  /** Whether they were read since the isolate started, or what was kept of them: else they are the defaults. */
  get isKnown(): boolean {
    return this.#known;
  }

  /** The settings as last read, however old; the defaults before the first time. */
  get last(): Settings {
    return this.#value;
  }

  /**
   * The settings, read again when they are more than 5 s old. Answers within 3 s and never fails. While one
   * caller reads, the others take the last known value: a request that waits for a promise of another request
   * goes on as part of that one, and loses its sockets when that one ends.
   */
  async get(): Promise<Settings> {
    const fresh = this.peek();
    if (fresh !== undefined) return fresh;
    const now = this.#now();
    if (elapsed(this.#failedAt, now) < RETRY) return this.#value;
    if (this.#known && elapsed(this.#readingAt, now) < DEADLINE + KEPT_DEADLINE) return this.#value;
    this.#readingAt = now;
    const before = this.#changes;
    try {
      const settings = await withDeadline(this.#source.read(), DEADLINE, "settings");
      if (this.#changes === before) this.set(settings);
    } catch (error) {
      if (this.#changes === before) {
        console.error("settings: not read, the kept or last known ones count:", loggableError(error));
        await this.#fallBack(before);
        this.#failedAt = this.#now();
      }
    } finally {
      this.#readingAt = Number.NEGATIVE_INFINITY;
    }
    return this.#value;
  }

  /**
   * The settings, not more than 5 s old, for who had better come again later than go by others; undefined when D1 does
   * not say them within 2 s. Reads even while another caller does.
   */
  async fresh(): Promise<Settings | undefined> {
    if (this.peek() !== undefined) return this.#value;
    const before = this.#changes;
    try {
      const settings = await withDeadline(this.#source.read(), DEADLINE, "settings");
      if (this.#changes === before) this.set(settings);
    } catch (error) {
      console.error("settings: not read:", loggableError(error));
    }
    return this.peek();
  }

  async #fallBack(before: number): Promise<void> {
    try {
      const kept = await withDeadline(this.#source.kept(), KEPT_DEADLINE, "kept settings");
      if (kept === undefined || this.#changes !== before) return;
      this.#value = kept;
      this.#known = true;
    } catch (error) {
      console.error("settings: the kept ones were not read either:", loggableError(error));
    }
  }

  /** Takes in what was just read or stored; a read still under way is too old to count after that. */
  set(settings: Settings): void {
    this.#value = settings;
    this.#known = true;
    this.#readAt = this.#now();
    this.#changes += 1;
  }
}
