interface HeartbeatHost {
  now(): number;
  timer(milliseconds: number, run: () => void): () => void;
  /** How long a device may be silent, and how long its socket may be idle (ms; 0 is for ever), as set at the moment. */
  limits(): { silence: number; idle: number };
  /** The device is gone, though nobody said so. */
  silent(): void;
  /** The socket was idle: something has to pass, or a proxy would close it. */
  idle(): void;
}

/**
 * SDKs that beat with the WebSocket's own pings, which the platform answers and no Worker sees. JavaScript and C# beat
 * with `echo`, every 180 s.
 */
const BEATS_UNSEEN = /^(LeanCloud-(Java|Swift|Objc|iOS|Android)|LeanCloud Push|AVOS)/i;

/**
 * Watches one user socket for a device that is gone without a word: one timer, which only looks at when something last
 * came and went. Whoever beats unseen is judged by messages it does not acknowledge: every SDK does that at once.
 */
export class Heartbeat {
  readonly #host: HeartbeatHost;
  #heardAt: number;
  #sentAt = 0;
  /** When the first message was sent that nothing was heard after. */
  #unansweredSince: number | undefined;
  /** An `echo` was heard; else the SDK may beat unseen. */
  #beats = false;
  #maybeUnseen = false;
  #cancel: (() => void) | undefined;

  constructor(host: HeartbeatHost) {
    this.#host = host;
    this.#heardAt = host.now();
  }

  /** Somebody is logged in. */
  start(): void {
    if (this.#cancel === undefined) this.#wait();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** A frame of the device's. */
  heard(): void {
    this.#heardAt = this.#host.now();
    this.#unansweredSince = undefined;
  }

  /** That frame was a heartbeat. */
  beaten(): void {
    this.#beats = true;
  }

  /** What the device says of its SDK at a login. */
  madeBy(userAgent: string): void {
    this.#maybeUnseen = BEATS_UNSEEN.test(userAgent);
  }

  /** The device is one of an SDK that did not say which it is. */
  mayBeUnseen(): void {
    this.#maybeUnseen = true;
  }

  /** Whether its heartbeats, if there are any, cannot be seen. */
  get isUnseen(): boolean {
    return this.#maybeUnseen && !this.#beats;
  }

  /** Any frame to the device. */
  sent(): void {
    this.#sentAt = this.#host.now();
  }

  /** One of the messages to the device that every SDK acknowledges. */
  sentMessage(): void {
    this.#unansweredSince ??= this.#host.now();
  }

  #wait(): void {
    const { silence, idle } = this.#host.limits();
    const now = this.#host.now();
    const deadline = (this.#silentSince ?? now) + silence;
    const next = idle === 0 ? deadline : Math.min(deadline, this.#quietSince + idle);
    this.#cancel = this.#host.timer(Math.max(next - now, 1), () => this.#look());
  }

  #look(): void {
    const { silence, idle } = this.#host.limits();
    const now = this.#host.now();
    const since = this.#silentSince;
    if (since !== undefined && now - since >= silence) {
      this.#cancel = undefined;
      return this.#host.silent();
    }
    if (idle > 0 && now - this.#quietSince >= idle) this.#host.idle();
    this.#wait();
  }

  get #silentSince(): number | undefined {
    return this.isUnseen ? this.#unansweredSince : this.#heardAt;
  }

  get #quietSince(): number {
    return Math.max(this.#heardAt, this.#sentAt);
  }
}
