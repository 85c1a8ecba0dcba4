import { loggableError } from "../loggable-error.ts";
import type { AppEvent } from "../model/app-events.ts";
import type { EventOutbox } from "./event-outbox.ts";

const AT_ONCE = 100; // events: what a queue takes in one call
/** Longer than a call takes (ms): after a crash the alarm sends the events that were left. */
const RETRY = 10_000;

/** A partial success: the ids of the sent events, and the delay (ms) until the others can be retried. */
export interface SomeSent {
  sent: string[];
  again: number;
}

/** Sends an object's outbox of events to the queue in order, without delaying any command. */
export class EventSender {
  readonly #outbox: EventOutbox;
  readonly #send: (events: AppEvent[]) => Promise<SomeSent | undefined | void>;
  readonly #retryAfter: (delay: number) => void;
  #sending = false;

  /**
   * @param send sends events to the queue; has a deadline and may reject
   * @param retryAfter has `send` called after so many milliseconds, even if the object dies meanwhile
   */
  constructor(
    outbox: EventOutbox,
    send: (events: AppEvent[]) => Promise<SomeSent | undefined | void>,
    retryAfter: (delay: number) => void,
  ) {
    this.#outbox = outbox;
    this.#send = send;
    this.#retryAfter = retryAfter;
  }

  /** Something happened: it is written down in this turn and sent after it. */
  tell(event: AppEvent): void {
    this.#outbox.add(event);
    this.#retryAfter(RETRY);
    void this.send();
  }

  /** Sends the waiting events. Events that the queue does not accept are retried later. Never rejects. */
  async send(): Promise<void> {
    if (this.#sending) return this.#retryAfter(RETRY); // the alarm that called this was the one for a crash
    this.#sending = true;
    try {
      for (;;) {
        await undefined; // events of one turn are sent together
        const events = this.#outbox.take(AT_ONCE);
        if (events.length === 0) return;
        const some = await this.#send(events);
        this.#outbox.sent(some ? some.sent : events.map(({ id }) => id));
        if (some) return this.#retryAfter(some.again);
      }
    } catch (error) {
      console.error("events wait for the queue:", loggableError(error));
      this.#retryAfter(RETRY);
    } finally {
      this.#sending = false;
    }
  }
}
