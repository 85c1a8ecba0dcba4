import { REDELIVERIES, UNACKNOWLEDGED } from "../../bounds.ts";
import { elapsed } from "../../elapsed.ts";
import { readMessage } from "../../protocol/client-events.ts";

/** How long (ms) a `.1` device may take to acknowledge a message before it is sent again. */
const ACKNOWLEDGE_TIMEOUT = 30_000;

interface Unacknowledged {
  conversationId: string;
  timestamp: number;
  payload: Uint8Array;
  sentAt: number;
  /** How often it was sent again since the device last acknowledged anything. */
  attempts: number;
}

interface RedeliveryHost {
  now(): number;
  send(payload: Uint8Array): void;
  timer(milliseconds: number, run: () => void): () => void;
}

/**
 * The messages that a `.1` device was sent and has not acknowledged. They are sent again until it does (M-33, M-34), or
 * until it has acknowledged nothing for so long that it may not be reading; its next login brings the rest. The timer
 * runs only while a message is unacknowledged.
 */
export class UnacknowledgedMessages {
  readonly #host: RedeliveryHost;
  /** Messages of this client need no acknowledgement: SDKs do not acknowledge their own. */
  readonly #clientId: string;
  #unacknowledged: Unacknowledged[] = [];
  #bytes = 0;
  #cancel: (() => void) | undefined;

  constructor(host: RedeliveryHost, clientId: string) {
    this.#host = host;
    this.#clientId = clientId;
  }

  sent(conversationId: string, payload: Uint8Array): void {
    const message = readMessage(payload);
    if (message === undefined || message.from === this.#clientId) return;
    const { timestamp } = message;
    const sentAt = this.#host.now();
    this.#unacknowledged.push({ conversationId, timestamp, payload: payload.slice(), sentAt, attempts: 0 });
    this.#bytes += payload.length;
    while (this.#unacknowledged.length > UNACKNOWLEDGED.messages || this.#bytes > UNACKNOWLEDGED.bytes) {
      this.#bytes -= this.#unacknowledged.shift()?.payload.length ?? this.#bytes;
    }
    this.#arm();
  }

  acknowledged(conversationId: string, upTo: number): void {
    this.#unacknowledged = this.#unacknowledged.filter(
      (message) => message.conversationId !== conversationId || message.timestamp > upTo,
    );
    for (const message of this.#unacknowledged) message.attempts = 0;
    this.#bytes = this.#unacknowledged.reduce((sum, { payload }) => sum + payload.length, 0);
    if (this.#unacknowledged.length === 0) this.close();
    else this.#arm();
  }

  /** The session is over. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(): void {
    const oldest = this.#unacknowledged.find(mayBeSentAgain);
    if (oldest === undefined || this.#cancel !== undefined) return;
    const wait = Math.max(oldest.sentAt + ACKNOWLEDGE_TIMEOUT - this.#host.now(), 0);
    this.#cancel = this.#host.timer(wait, () => {
      this.#cancel = undefined;
      this.#sendAgain();
    });
  }

  #sendAgain(): void {
    const now = this.#host.now();
    const isDue = (message: Unacknowledged) =>
      mayBeSentAgain(message) && elapsed(message.sentAt, now) >= ACKNOWLEDGE_TIMEOUT;
    const due = this.#unacknowledged.filter(isDue);
    const rest = this.#unacknowledged.filter((message) => !isDue(message));
    for (const message of due) this.#host.send(message.payload);
    const sentAgain = due.map((message) => ({ ...message, sentAt: now, attempts: message.attempts + 1 }));
    this.#unacknowledged = [...rest, ...sentAgain];
    this.#arm();
  }
}

function mayBeSentAgain({ attempts }: Unacknowledged): boolean {
  return attempts < REDELIVERIES;
}
