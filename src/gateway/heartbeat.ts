/** The socket of the device. */
export interface HeartbeatHost {
  now(): number;
  timer(milliseconds: number, run: () => void): () => void;
  /** How long (ms) a device may be silent, and how long its socket may be idle, as set at the moment; 0 is no limit. */
  silenceLimits(): { silence: number; idle: number };
  /** The device is lost, although its socket did not close. */
  deviceIsSilent(): void;
  /** The socket was idle: a frame has to be sent, or a proxy would close it. */
  socketIsIdle(): void;
}

/**
 * SDKs whose heartbeats are WebSocket pings. The platform answers those, and no Worker sees them. JavaScript and C#
 * send `echo`, every 180 s.
 */
const INVISIBLE_HEARTBEATS = /^(LeanCloud-(Java|Swift|Objc|iOS|Android)|LeanCloud Push|AVOS)/i;

/**
 * Detects a device that is lost although its socket did not close. One timer per socket checks when the last frames
 * passed. A device with invisible heartbeats is judged by the messages it does not acknowledge: every SDK acknowledges
 * at once.
 */
export class Heartbeat {
  readonly #host: HeartbeatHost;
  #receivedAt: number;
  #sentAt = 0;
  /** When the first message was sent after which the device has sent nothing. */
  #unansweredSince: number | undefined;
  /** The device sent an `echo`; otherwise its heartbeats may be invisible. */
  #sendsHeartbeats = false;
  /** Undefined while the SDK is unknown. */
  #maybeInvisible: boolean | undefined;
  #cancel: (() => void) | undefined;

  constructor(host: HeartbeatHost) {
    this.#host = host;
    this.#receivedAt = host.now();
  }

  /** A client is logged in. */
  start(): void {
    if (this.#cancel === undefined) this.#wait();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** The device sent a frame. */
  received(): void {
    this.#receivedAt = this.#host.now();
    this.#unansweredSince = undefined;
  }

  /** The frame that was just received is a heartbeat. */
  receivedHeartbeat(): void {
    this.#sendsHeartbeats = true;
  }

  /** Takes the user agent that the device sent at a login. */
  identify(userAgent: string): void {
    this.#maybeInvisible = INVISIBLE_HEARTBEATS.test(userAgent);
  }

  /**
   * The device sent a login without a user agent: an old SDK, or one that logs in for something else than chat, maybe on
   * the socket of a client whose SDK is known.
   */
  unidentified(): void {
    this.#maybeInvisible ??= true;
  }

  /** Whether its heartbeats, if any, are invisible. */
  get hasInvisibleHeartbeats(): boolean {
    return this.#maybeInvisible === true && !this.#sendsHeartbeats;
  }

  /** The device was sent a frame. */
  sent(): void {
    this.#sentAt = this.#host.now();
  }

  /** The device was sent a message that every SDK acknowledges. */
  sentMessage(): void {
    this.#unansweredSince ??= this.#host.now();
  }

  #wait(): void {
    const { silence, idle } = this.#host.silenceLimits();
    const now = this.#host.now();
    const deadline = (this.#silentSince ?? now) + silence;
    const next = idle === 0 ? deadline : Math.min(deadline, this.#idleSince + idle);
    this.#cancel = this.#host.timer(Math.max(next - now, 1), () => this.#check());
  }

  #check(): void {
    const { silence, idle } = this.#host.silenceLimits();
    const now = this.#host.now();
    const since = this.#silentSince;
    if (since !== undefined && now - since >= silence) {
      this.#cancel = undefined;
      return this.#host.deviceIsSilent();
    }
    if (idle > 0 && now - this.#idleSince >= idle) this.#host.socketIsIdle();
    this.#wait();
  }

  get #silentSince(): number | undefined {
    return this.hasInvisibleHeartbeats ? this.#unansweredSince : this.#receivedAt;
  }

  get #idleSince(): number {
    return Math.max(this.#receivedAt, this.#sentAt);
  }
}
