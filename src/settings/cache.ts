import { withDeadline } from "../deadline.ts";
import { elapsed } from "../elapsed.ts";
import { loggableError } from "../loggable-error.ts";
import type { Settings } from "./schema.ts";

/** The maximum age of a value before it is read again. While one caller does, others use it: see `SETTINGS_SPREAD`. */
const FRESH: Milliseconds = 5_000;
/** The deadline for D1. */
const DEADLINE: Milliseconds = 2_000;
/** The deadline for what others have read, before D1 is asked. */
const SHARED_DEADLINE: Milliseconds = 500;
/** The deadline for the kept copy, after D1 failed. */
const KEPT_DEADLINE: Milliseconds = 1_000;
/** The pause after D1 failed. */
const RETRY: Milliseconds = 1_000;
/** How much sooner a value may be read again, so that isolates that started together do not ask together for ever. */
const SOONER: Milliseconds = 1_000;
/** Callers of an isolate without settings that read at once: a second one, since the first may end with its request. */
const FIRST_READERS = 2;
const FIRST_DEADLINE: Milliseconds = SHARED_DEADLINE + DEADLINE + KEPT_DEADLINE;
/** How often the others look whether there are settings now. */
const LOOK: Milliseconds = 10;

type Milliseconds = number;

/** The sources of settings. Both may fail. */
export interface SettingsSource {
  /** Reads D1. */
  read(): Promise<Settings>;
  /** Reads the copy for times when D1 fails; undefined if none was kept yet. */
  kept(): Promise<Settings | undefined>;
  /**
   * What D1 said so many milliseconds ago, as others have read it: asked once by an isolate that starts. Undefined if
   * nobody could read it.
   */
  shared?(): Promise<{ settings: Settings; age: Milliseconds } | undefined>;
}

/**
 * The settings as this isolate last read them. Every command needs them, so a fresh value costs nothing, and a slow or
 * failing D1 costs at most one deadline a second and no command (I11): meanwhile the kept copy counts, else the last
 * known value, else the defaults. The copy counts before the isolate's own value, which may be from before the owner
 * required signed logins.
 */
export class SettingsCache {
  readonly #source: SettingsSource;
  readonly #now: () => Milliseconds;
  readonly #random: () => number;
  #value: Settings;
  /** Whether the value is more than the defaults. */
  #known = false;
  #readAt = Number.NEGATIVE_INFINITY;
  #freshFor = FRESH;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** The start of the current read. */
  #readingAt = Number.NEGATIVE_INFINITY;
  /** The starts of reads by callers that know no settings. */
  readonly #firstReads = new Set<{ at: Milliseconds }>();
  /** The number of stored values: a read that began before the last one is outdated. */
  #changes = 0;

  /**
   * @param defaults used until the source has been read once
   * @param random from 0 to 1: by how much sooner a value is read again
   */
  constructor(
    source: SettingsSource,
    defaults: Settings,
    now: () => Milliseconds = Date.now,
    random: () => number = () => 0,
  ) {
    this.#source = source;
    this.#value = defaults;
    this.#now = now;
    this.#random = random;
  }

  /** The settings without waiting, or `undefined` when they are more than 5 s old. */
  peek(): Settings | undefined {
    return elapsed(this.#readAt, this.#now()) <= this.#freshFor ? this.#value : undefined;
  }

  /** Whether the settings or their copy were read since the isolate started; otherwise they are the defaults. */
  get isKnown(): boolean {
    return this.#known;
  }

  /** The settings as last read, however old; the defaults before the first time. */
  get last(): Settings {
    return this.#value;
  }

  /**
   * The settings, read again if they are more than 5 s old. Resolves within 3 s, or 3.5 s in an isolate that starts, and
   * never fails. While one caller
   * reads, the others use the last known value: a request that waits for another request's promise becomes a part of
   * it, and loses its sockets when that one ends. In an isolate that has just started there is none: then two callers
   * read, however many there are, and the others look by themselves whether they are done.
   */
  async get(): Promise<Settings> {
    const fresh = this.peek();
    if (fresh !== undefined) return fresh;
    const now = this.#now();
    if (elapsed(this.#failedAt, now) < RETRY) return this.#value;
    if (this.#known && elapsed(this.#readingAt, now) < DEADLINE + KEPT_DEADLINE) return this.#value;
    if (!this.#known) {
      if (this.#isBeingRead(now)) return this.#awaitFirst(now);
      const first = { at: now };
      this.#firstReads.add(first);
      return this.#readFirst().finally(() => this.#firstReads.delete(first));
    }
    return this.#read();
  }

  /** Whether enough callers read the first settings. Those that took too long died with their requests. */
  #isBeingRead(now: Milliseconds): boolean {
    for (const first of this.#firstReads)
      if (elapsed(first.at, now) >= FIRST_DEADLINE) this.#firstReads.delete(first);
    return this.#firstReads.size >= FIRST_READERS;
  }

  /** The first settings, as others read them. */
  async #awaitFirst(since: Milliseconds): Promise<Settings> {
    do {
      await new Promise((resolve) => setTimeout(resolve, LOOK * (1 + this.#random())));
    } while (
      !this.#known &&
      elapsed(this.#failedAt, this.#now()) >= RETRY &&
      elapsed(since, this.#now()) < FIRST_DEADLINE
    );
    return this.#value;
  }

  /** What others have read, or else D1. */
  async #readFirst(): Promise<Settings> {
    const { shared } = this.#source;
    if (shared === undefined) return this.#read();
    const before = this.#changes;
    try {
      const found = await withDeadline(shared(), SHARED_DEADLINE, "settings that others have read");
      if (this.#changes !== before) return this.#value;
      if (found !== undefined) {
        this.#take(found.settings, this.#now() - found.age);
        return this.#value;
      }
    } catch (error) {
      console.warn("settings: not those that others have read, so from D1:", loggableError(error));
    }
    return this.#read();
  }

  async #read(): Promise<Settings> {
    const startedAt = this.#now();
    this.#readingAt = startedAt;
    const before = this.#changes;
    try {
      const settings = await withDeadline(this.#source.read(), DEADLINE, "settings");
      // As of its start: a change of the time since then may be missing.
      if (this.#changes === before) this.#take(settings, startedAt);
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
   * The settings, at most 5 s old, for callers that would rather retry later than use older ones; undefined if D1 does
   * not respond within 2 s. Reads even while another caller does.
   */
  async fresh(): Promise<Settings | undefined> {
    if (this.peek() !== undefined) return this.#value;
    const startedAt = this.#now();
    const before = this.#changes;
    try {
      const settings = await withDeadline(this.#source.read(), DEADLINE, "settings");
      if (this.#changes === before) this.#take(settings, startedAt);
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

  /** Stores a value that was just written; reads in progress are outdated after that. */
  set(settings: Settings): void {
    this.#take(settings, this.#now());
  }

  #take(settings: Settings, readAt: Milliseconds): void {
    this.#value = settings;
    this.#known = true;
    this.#readAt = readAt;
    this.#freshFor = FRESH - SOONER * this.#random();
    this.#changes += 1;
  }
}
