/** The alarm of an object, as far as it is used here. */
export interface AlarmStorage {
  getAlarm(): Promise<number | null>;
  setAlarm(at: number): Promise<void>;
}

/** No alarm is set for later than this (ms). One that seems to be was set before the clock was set back. */
const LONGEST = 10 * 60_000;

/** The alarm of an object, which has only one: it is set for the first task that is due, and runs all that are due. */
export class Alarm {
  readonly #storage: AlarmStorage;
  readonly #now: () => number;
  #at: number | undefined;

  constructor(storage: AlarmStorage, now: () => number) {
    this.#storage = storage;
    this.#now = now;
  }

  /**
   * To be awaited before the first `within` of an object that woke: an alarm that is set already must not be postponed.
   */
  async load(): Promise<void> {
    this.#at ??= (await this.#storage.getAlarm()) ?? undefined;
  }

  get isSet(): boolean {
    return this.#at !== undefined;
  }

  /** The alarm ran. */
  fired(): void {
    this.#at = undefined;
  }

  /**
   * Has the alarm run after this many milliseconds at the latest. Not awaited: the write joins the transaction of this
   * turn, and the output gate waits for it.
   */
  within(delay: number): void {
    const now = this.#now();
    const at = now + delay;
    if (this.#at !== undefined && this.#at <= at) return;
    this.#at = at;
    void this.#storage.setAlarm(at);
  }

  /** To be called whenever the object runs: if the clock was set back, the alarm is set again, to run soon. */
  check(): void {
    if (this.#at !== undefined && this.#at > this.#now() + LONGEST) this.within(0);
  }
}
