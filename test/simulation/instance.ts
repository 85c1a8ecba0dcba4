import type { AlarmStorage } from "../../src/alarm.ts";
import type { Network } from "./network.ts";

/** The platform runs an alarm again so many milliseconds after its object died over it. */
const ALARM_RETRY = 2_000;

/** What an object has in memory, from waking up to hibernation or death. */
export class Instance {
  readonly #network: Network;
  readonly #timers = new Set<() => void>();
  #calls = 0;
  #isAlive = true;
  #atRest: (() => void) | undefined;

  constructor(network: Network) {
    this.#network = network;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /**
   * Calls `run` once the object is at rest and may hibernate, unless it dies before: the platform lets none hibernate
   * during a call or a timer of its own.
   */
  whenAtRest(run: () => void): void {
    this.#atRest = run;
    this.#checkRest();
  }

  #checkRest(): void {
    if (this.#atRest === undefined || !this.#isIdle) return;
    // What just ended may go on to something else.
    this.#network.timer(0, () => {
      if (this.#isAlive && this.#isIdle) this.#atRest?.();
    });
  }

  get #isIdle(): boolean {
    return this.#calls === 0 && this.#timers.size === 0;
  }

  end(): void {
    this.#isAlive = false;
    for (const cancel of this.#timers) cancel();
  }

  timer(delay: number, run: () => void): () => void {
    const cancel = this.#network.timer(delay, () => {
      this.#timers.delete(done);
      run();
      this.#checkRest();
    });
    const done = () => {
      this.#timers.delete(done);
      cancel();
    };
    this.#timers.add(done);
    return done;
  }

  /** The outcome of a call or of work in progress, if the object lives to see it. */
  hold<T>(promise: Promise<T>): Promise<T> {
    this.#calls += 1;
    return new Promise((resolve, reject) => {
      const settle = (run: () => void) => {
        this.#calls -= 1;
        if (this.#isAlive) run();
        this.#checkRest();
      };
      promise.then(
        (value) => settle(() => resolve(value)),
        (error) => settle(() => reject(error)),
      );
    });
  }
}

/** The alarm of an object. It outlives the instance that set it, and runs again if the object dies over it. */
export class DurableAlarm implements AlarmStorage {
  readonly #network: Network;
  readonly #ring: () => Promise<void>;
  #set: { at: number; cancel: () => void } | undefined;
  #isRinging = false;

  /** @param ring what the alarm of the object does */
  constructor(network: Network, ring: () => Promise<void>) {
    this.#network = network;
    this.#ring = ring;
  }

  get at(): number | undefined {
    return this.#set?.at;
  }

  async getAlarm(): Promise<number | null> {
    return this.at ?? null;
  }

  async setAlarm(at: number): Promise<void> {
    this.#set?.cancel();
    const cancel = this.#network.timer(Math.max(0, at - this.#network.now), () => {
      this.#set = undefined;
      this.#isRinging = true;
      void this.#ring().then(() => {
        this.#isRinging = false;
      });
    });
    this.#set = { at, cancel };
  }

  async deleteAlarm(): Promise<void> {
    this.#set?.cancel();
    this.#set = undefined;
  }

  /** The instance ended. */
  instanceEnded(): void {
    if (this.#isRinging && this.#set === undefined) void this.setAlarm(this.#network.now + ALARM_RETRY);
    this.#isRinging = false;
  }
}
