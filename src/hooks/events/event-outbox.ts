import { Buffer } from "node:buffer";
import { loggableError } from "../../loggable-error.ts";
import type { AppEvent } from "../../model/app-events.ts";
import type { Tables } from "../../tables.ts";
import { eventFromJson, eventToJson } from "./event-json.ts";

/** The size of one batch for the queue, in characters of JSON; a queue accepts 256 KB at once. */
const BATCH_MAX = 100_000;
/** Bytes of JSON of one event. A queue accepts 128 KB, and a refused event would block everything after it. */
const EVENT_MAX = 120_000;
const AT_ONCE = 100; // events: the most that a queue takes in one call
/** Longer than a call takes (ms): after a crash the alarm sends the events that were left. */
const RETRY = 10_000;

type OutboxTables = Pick<Tables<"event_outbox">, "read" | "add" | "change">;

/** The statements that create the table of an outbox. */
export const EVENT_OUTBOX: readonly string[] = [
  "CREATE TABLE event_outbox (place INTEGER PRIMARY KEY, id TEXT NOT NULL, event TEXT NOT NULL)",
];

/** Whether a queue accepts an event of this size. */
export function fitsQueue(event: AppEvent): boolean {
  return Buffer.byteLength(eventToJson(event)) <= EVENT_MAX;
}

/**
 * Events on their way to the queue: each is written in the same transaction as the change it reports, and removed once
 * the queue has it, so it is delivered at least once. An object without listeners has no table and writes nothing.
 */
export class EventOutbox {
  readonly #tables: OutboxTables;

  constructor(tables: OutboxTables) {
    this.#tables = tables;
  }

  /** Adds an event. An event too large for the queue is logged and left out. */
  add(event: AppEvent): void {
    const json = eventToJson(event);
    if (Buffer.byteLength(json) > EVENT_MAX)
      return console.error(`${event.name}: too large for the queue, left out`);
    this.#tables.add("event_outbox", "INSERT INTO event_outbox (id, event) VALUES (?, ?)", event.id, json);
  }

  /** The oldest events, at most `limit` and at most one batch of the queue. They stay until `remove`. */
  take(limit: number): AppEvent[] {
    const rows = this.#tables.read<{ event: string }>(
      "event_outbox",
      "SELECT event FROM event_outbox ORDER BY place LIMIT ?",
      limit,
    );
    const taken: AppEvent[] = [];
    let size = 0;
    for (const { event } of rows) {
      size += event.length;
      if (taken.length > 0 && size > BATCH_MAX) break;
      taken.push(eventFromJson(event));
    }
    return taken;
  }

  /** Removes events that the queue has, by their ids. */
  remove(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#tables.change(
      "event_outbox",
      "DELETE FROM event_outbox WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify(ids),
    );
  }
}

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
