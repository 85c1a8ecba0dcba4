import { elapsed } from "../../elapsed.ts";
import { joinFrames } from "../../protocol/joined-frames.ts";
import type { LinkSocket } from "./link-socket.ts";

/** For this long after a frame went to a conversation (ms), the thread counts as busy. */
const BUSY = 3;
/** A client that has sent a frame within this time (ms) may be sending several at once. */
const RECENT = 1_000;
/** Turns of the thread without another frame after which no more are on their way (measured). */
const QUIET_TURNS = 2;
/** No frame waits for more turns than this, whatever comes meanwhile. */
const TURNS_MAX = 50;
/** Bytes that are sent at once. */
const JOINED_MAX = 64 * 1024;
/** Frames that are sent at once: the conversation handles them in one turn, in which others wait (I13). */
const FRAMES_MAX = 100;

export interface JoinedLinkHost {
  now(): number;
  /** Resolves in a later turn of the thread. Some of what had arrived is handled before. */
  turn(): Promise<void>;
}

/** When a frame last went from this isolate to a conversation. All its gateways share one thread. */
let sentAt = Number.NEGATIVE_INFINITY;

/**
 * A link that joins the frames which follow each other closely, as a device sends them that does not wait for answers:
 * a message on a link costs as much as all else that is done for a frame. A frame after a quiet moment is sent at once.
 */
export class JoinedLink implements LinkSocket {
  readonly #socket: LinkSocket;
  readonly #host: JoinedLinkHost;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #isGathering = false;
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(socket: LinkSocket, host: JoinedLinkHost) {
    this.#socket = socket;
    this.#host = host;
  }

  send(data: Uint8Array | string): void {
    if (typeof data === "string") {
      this.#flush();
      return this.#socket.send(data);
    }
    this.#waiting.push(data);
    this.#bytes += data.length;
    if (this.#bytes >= JOINED_MAX || this.#waiting.length >= FRAMES_MAX) return this.#flush();
    if (this.#isGathering) return;
    const now = this.#host.now();
    if (elapsed(sentAt, now) > BUSY || elapsed(this.#sentAt, now) > RECENT) return this.#flush();
    this.#isGathering = true;
    void this.#gather();
  }

  /** Sends what waits, and closes the link. */
  close(code: number): void {
    this.#flush();
    this.#socket.close(code);
  }

  async #gather(): Promise<void> {
    let known = this.#waiting.length;
    for (let quiet = 0, turns = 0; quiet < QUIET_TURNS && turns < TURNS_MAX; quiet += 1, turns += 1) {
      await this.#host.turn();
      if (this.#waiting.length > known) quiet = -1;
      known = this.#waiting.length;
    }
    this.#isGathering = false;
    this.#flush();
  }

  #flush(): void {
    if (this.#waiting.length === 0) return;
    const frames = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    this.#sentAt = this.#host.now();
    sentAt = this.#sentAt;
    this.#socket.send(joinFrames(frames));
  }
}
