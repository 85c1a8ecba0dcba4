import type { AppEvent } from "../model/app-events.ts";
import { utf8Length } from "../protocol/fields.ts";
import type { Sql } from "../sql.ts";
import { eventIn, textOf } from "./event-text.ts";

/** What one hand-over to the queue may weigh, in characters of JSON; a queue takes 256 KB at once. */
const BATCH_MAX = 100_000;
/** Bytes of JSON of one event; a queue takes 128 KB, and what it refuses would hold up everything after it. */
const EVENT_MAX = 120_000;

/**
 * Events on their way to the queue: written in the same transaction as what happened, removed once the queue has
 * them, so that each is told at least once. An object nobody listens to has no table and writes nothing.
 */
export class EventOutbox {
  readonly #sql: Sql;
  #exists: boolean | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** An event too big for any queue is logged and left out. */
  add(event: AppEvent): void {
    const json = textOf(event);
    if (utf8Length(json) > EVENT_MAX) return console.error(`${event.name}: too big to be told to anybody`);
    if (!this.#hasTable()) {
      this.#sql.exec(
        "CREATE TABLE event_outbox (place INTEGER PRIMARY KEY, id TEXT NOT NULL, event TEXT NOT NULL)",
      );
      this.#exists = true;
    }
    this.#sql.exec("INSERT INTO event_outbox (id, event) VALUES (?, ?)", event.id, json);
  }

  /** The oldest events, at most so many and not more than the queue takes at once; they stay until they are sent. */
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

  /** The queue has these events, by their ids. */
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
