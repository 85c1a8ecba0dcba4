import { elapsed } from "../elapsed.ts";
import { messagePushed } from "../protocol/pushes.ts";

/** How long a `.1` device may take to acknowledge before it is sent a message again (ms). */
const PATIENCE = 30_000;
/** Messages one device has not acknowledged; what exceeds it comes again at its next login. */
const LIMIT = 500;

interface Unacknowledged {
  conversationId: string;
  timestamp: number;
  payload: Uint8Array;
  sentAt: number;
}

interface RedeliveryHost {
  now(): number;
  send(payload: Uint8Array): void;
  timer(milliseconds: number, run: () => void): () => void;
}

/**
 * What a `.1` device was sent and has not acknowledged: it is sent again until it does (M-33, M-34). The timer
 * runs only while something is unacknowledged.
 */
export class Redelivery {
  readonly #host: RedeliveryHost;
  /** Whose messages are not acknowledged: SDKs take a copy of their own for known. */
  readonly #clientId: string;
  #unacknowledged: Unacknowledged[] = [];
  #cancel: (() => void) | undefined;

  constructor(host: RedeliveryHost, clientId: string) {
    this.#host = host;
    this.#clientId = clientId;
  }

  sent(conversationId: string, payload: Uint8Array): void {
    const message = messagePushed(payload);
    if (message === undefined || message.from === this.#clientId) return;
    const { timestamp } = message;
    const sentAt = this.#host.now();
    this.#unacknowledged.push({ conversationId, timestamp, payload: payload.slice(), sentAt });
    if (this.#unacknowledged.length > LIMIT) this.#unacknowledged.shift();
    this.#arm();
  }

  acknowledged(conversationId: string, upTo: number): void {
    this.#unacknowledged = this.#unacknowledged.filter(
      (message) => message.conversationId !== conversationId || message.timestamp > upTo,
    );
    if (this.#unacknowledged.length === 0) this.close();
  }

  /** The session is over. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(): void {
    const [oldest] = this.#unacknowledged;
    if (oldest === undefined || this.#cancel !== undefined) return;
    const wait = Math.max(oldest.sentAt + PATIENCE - this.#host.now(), 0);
    this.#cancel = this.#host.timer(wait, () => {
      this.#cancel = undefined;
      this.#sendAgain();
    });
  }

  #sendAgain(): void {
    const now = this.#host.now();
    const due = this.#unacknowledged.filter(({ sentAt }) => elapsed(sentAt, now) >= PATIENCE);
    const rest = this.#unacknowledged.filter(({ sentAt }) => elapsed(sentAt, now) < PATIENCE);
    for (const message of due) this.#host.send(message.payload);
    this.#unacknowledged = [...rest, ...due.map((message) => ({ ...message, sentAt: now }))];
    this.#arm();
  }
}
