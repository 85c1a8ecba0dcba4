import { loggableError } from "./loggable-error.ts";

/** The alarm of an object, as far as it is used here. */
export interface AlarmStorage {
  getAlarm(): Promise<number | null>;
  setAlarm(at: number): Promise<void>;
  deleteAlarm(): Promise<void>;
}

/**
 * No alarm is set for later than this (ms), except for the end of the object. One that seems to be was set before the
 * clock was set back.
 */
const LONGEST = 10 * 60_000;

/** A failed run is repeated after this many milliseconds. */
const RETRY = 60_000;

/** The alarm of an object, which has only one: it is set for the first task that is due, and runs all that are due. */
export class Alarm {
  readonly #storage: AlarmStorage;
  readonly #now: () => number;
  #at: number | undefined;
  #endsAt: number | undefined;

  /** @param at when the alarm runs (ms), if that is known without `load` */
  constructor(storage: AlarmStorage, now: () => number, at?: number) {
    this.#storage = storage;
    this.#now = now;
    this.#at = at;
  }

  /**
   * To be awaited before anything sets the alarm of an object that woke: an alarm that is set already must not be postponed.
   */
  async load(): Promise<void> {
    this.#at ??= (await this.#storage.getAlarm()) ?? undefined;
  }

  get isSet(): boolean {
    return this.#at !== undefined;
  }

  /**
   * The alarm went off: runs the object's tasks, each of which may run twice. Never rejects: the platform retries a
   * failing alarm a few times, and then never again.
   */
  async run(tasks: () => Promise<void>): Promise<void> {
    this.#at = undefined;
    try {
      await tasks();
    } catch (error) {
      console.error("alarm:", loggableError(error));
      this.within(RETRY);
    }
    if (this.#endsAt !== undefined) this.by(this.#endsAt);
  }

  /** The object's work ends at this time (ms), however far that is: the alarm runs then too, until it is removed. */
  endsAt(at: number): void {
    this.#endsAt = at;
    this.by(at);
  }

  /** Removes the alarm: the object has nothing left to do. */
  async remove(): Promise<void> {
    this.#at = undefined;
    this.#endsAt = undefined;
    await this.#storage.deleteAlarm();
  }

  /** Has the alarm run after this many milliseconds at the latest. */
  within(delay: number): void {
    this.by(this.#now() + delay);
  }

  /**
   * Has the alarm run at this time (ms) at the latest. Not awaited: the write joins the transaction of this turn, and
   * the output gate waits for it.
   */
  by(at: number): void {
    if (this.#at !== undefined && this.#at <= at) return;
    this.#at = at;
    void this.#storage.setAlarm(at);
  }

  /** To be called whenever the object runs: if the clock was set back, the alarm is set again, to run soon. */
  check(): void {
    if (this.#at === undefined || this.#at === this.#endsAt) return;
    if (this.#at > this.#now() + LONGEST) this.within(0);
  }
}
