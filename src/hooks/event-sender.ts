import { loggableError } from "../loggable-error.ts";
import type { AppEvent } from "../model/app-events.ts";
import type { EventOutbox } from "./event-outbox.ts";

const AT_ONCE = 100; // events: the most that a queue takes in one call
/** Longer than a call takes (ms): after a crash the alarm sends the events that were left. */
const RETRY = 10_000;

/** The sent events: all, or those with these ids. The others can be retried after a delay (ms). */
export type SendResult = "all" | { sent: string[]; retryAfter: number };

/** Sends events to the queue. It has a deadline and may reject. */
export type SendEvents = (events: AppEvent[]) => Promise<SendResult>;

/** Sends an object's outbox of events to the queue in order, without delaying any command. */
export class EventSender {
  readonly #outbox: EventOutbox;
  readonly #send: SendEvents;
  readonly #retryAfter: (delay: number) => void;
  #sending = false;

  /** @param retryAfter has `send` called after so many milliseconds, even if the object dies meanwhile */
  constructor(outbox: EventOutbox, send: SendEvents, retryAfter: (delay: number) => void) {
    this.#outbox = outbox;
    this.#send = send;
    this.#retryAfter = retryAfter;
  }

  /** Stores an event in this turn. It is sent after the turn. */
  enqueue(event: AppEvent): void {
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
        const result = await this.#send(events);
        this.#outbox.remove(result === "all" ? events.map(({ id }) => id) : result.sent);
        if (result !== "all") return this.#retryAfter(result.retryAfter);
      }
    } catch (error) {
      console.error("events wait for the queue:", loggableError(error));
      this.#retryAfter(RETRY);
    } finally {
      this.#sending = false;
    }
  }
}
