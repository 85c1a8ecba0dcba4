import { Buffer } from "node:buffer";
import type { AppEvent } from "../model/app-events.ts";
import type { Tables } from "../tables.ts";
import { eventIn, textOf } from "./event-text.ts";

/** The size of one batch for the queue, in characters of JSON; a queue accepts 256 KB at once. */
const BATCH_MAX = 100_000;
/** Bytes of JSON of one event. A queue accepts 128 KB, and a refused event would block everything after it. */
const EVENT_MAX = 120_000;

type OutboxTables = Pick<Tables<"event_outbox">, "read" | "add" | "change">;

/** The statements that create the table of an outbox. */
export const EVENT_OUTBOX: readonly string[] = [
  "CREATE TABLE event_outbox (place INTEGER PRIMARY KEY, id TEXT NOT NULL, event TEXT NOT NULL)",
];

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
    const json = textOf(event);
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
      taken.push(eventIn(event));
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
