/** The one alarm of an object, as far as it is used here. */
export interface AlarmStorage {
  getAlarm(): Promise<number | null>;
  setAlarm(at: number): Promise<void>;
}

/** No alarm is set for later than this (ms): one that seems to be was set before the clock was set back. */
const LONGEST = 10 * 60_000;

/** An object's alarm, for everything it has to do later: what is due first decides when, and it does all that is due. */
export class Alarm {
  readonly #storage: AlarmStorage;
  readonly #now: () => number;
  #at: number | undefined;

  constructor(storage: AlarmStorage, now: () => number) {
    this.#storage = storage;
    this.#now = now;
  }

  /** To be awaited before the first `within` of an object that woke: it must not put off what was set before. */
  async load(): Promise<void> {
    this.#at ??= (await this.#storage.getAlarm()) ?? undefined;
  }

  get isSet(): boolean {
    return this.#at !== undefined;
  }

  /** It went off. */
  fired(): void {
    this.#at = undefined;
  }

  /**
   * It goes off after this many milliseconds at the latest. Not awaited: the write joins the transaction of this
   * turn, and the output gate waits for it.
   */
  within(delay: number): void {
    const now = this.#now();
    const at = now + delay;
    if (this.#at !== undefined && this.#at <= at) return;
    this.#at = at;
    void this.#storage.setAlarm(at);
  }

  /** To be called where anything happens: an alarm that the clock was set back under goes off soon. */
  check(): void {
    if (this.#at !== undefined && this.#at > this.#now() + LONGEST) this.within(0);
  }
}
