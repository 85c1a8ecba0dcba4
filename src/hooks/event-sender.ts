import { loggableError } from "../loggable-error.ts";
import type { AppEvent } from "../model/app-events.ts";
import type { EventOutbox } from "./event-outbox.ts";

const AT_ONCE = 100; // events: what a queue takes in one call
/** Longer than a call takes (ms): after a crash the alarm finds what it left. */
const RETRY = 10_000;

/** Some of the events had to wait: those that were sent, by their ids, and when (ms) the others can be tried again. */
export interface SomeSent {
  sent: string[];
  again: number;
}

/** Empties an object's outbox of events into the queue, off everybody's path and in order. */
export class EventSender {
  readonly #outbox: EventOutbox;
  readonly #send: (events: AppEvent[]) => Promise<SomeSent | undefined | void>;
  readonly #retryAfter: (delay: number) => void;
  #sending = false;

  /**
   * @param send hands events to the queue; has a deadline and may reject
   * @param retryAfter has `send` called after so many milliseconds, whatever happens to the object meanwhile
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

  /** Sends what waits; what the queue does not take is tried again later. Never rejects. */
  async send(): Promise<void> {
    if (this.#sending) return this.#retryAfter(RETRY); // whoever woke us for it was the alarm that a crash needs
    this.#sending = true;
    try {
      for (;;) {
        await undefined; // what happens in one turn goes together
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
