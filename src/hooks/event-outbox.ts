import type { AppEvent } from "../model/app-events.ts";
import { utf8Length } from "../protocol/fields.ts";
import type { Sql } from "../sql.ts";
import { eventIn, textOf } from "./event-text.ts";

/** The size of one batch for the queue, in characters of JSON; a queue accepts 256 KB at once. */
const BATCH_MAX = 100_000;
/** Bytes of JSON of one event. A queue accepts 128 KB, and a refused event would block everything after it. */
const EVENT_MAX = 120_000;

/**
 * Events on their way to the queue: each is written in the same transaction as the change it reports, and removed once
 * the queue has it, so it is delivered at least once. An object without listeners has no table and writes nothing.
 */
export class EventOutbox {
  readonly #sql: Sql;
  #exists: boolean | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Adds an event. An event too large for the queue is logged and left out. */
  add(event: AppEvent): void {
    const json = textOf(event);
    if (utf8Length(json) > EVENT_MAX)
      return console.error(`${event.name}: too large for the queue, left out`);
    if (!this.#hasTable()) {
      this.#sql.exec(
        "CREATE TABLE event_outbox (place INTEGER PRIMARY KEY, id TEXT NOT NULL, event TEXT NOT NULL)",
      );
      this.#exists = true;
    }
    this.#sql.exec("INSERT INTO event_outbox (id, event) VALUES (?, ?)", event.id, json);
  }

  /** The oldest events, up to `limit` and to what the queue accepts at once. They stay until they are sent. */
  take(limit: number): AppEvent[] {
    if (!this.#hasTable()) return [];
    const rows = this.#sql.exec<{ event: string }>(
      "SELECT event FROM event_outbox ORDER BY place LIMIT ?",
      limit,
    );
    const taken: AppEvent[] = [];
    let size = 0;
    for (const { event } of rows.toArray()) {
      size += event.length;
      if (taken.length > 0 && size > BATCH_MAX) break;
      taken.push(eventIn(event));
    }
    return taken;
  }

  /** Removes events that the queue has, by their ids. */
  sent(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#sql.exec(
      "DELETE FROM event_outbox WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify(ids),
    );
  }

  #hasTable(): boolean {
    this.#exists ??=
      this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'event_outbox'").toArray()
        .length > 0;
    return this.#exists;
  }
}
