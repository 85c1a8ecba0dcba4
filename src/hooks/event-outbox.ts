import type { Sql } from "../sql.ts";
import type { AppEvent, AppEventBody } from "./events.ts";

/** What an object has still to tell the queue: a row each, written in the turn that makes it so, gone once it is told. */
export class EventOutbox {
  readonly #sql: Sql;
  readonly #now: () => number;
  #count: number | undefined;

  constructor(sql: Sql, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  get isEmpty(): boolean {
    if (this.#count === undefined) {
      const [table] = this.#sql
        .exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'events'")
        .toArray();
      this.#count =
        table === undefined
          ? 0
          : this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM events").one().count;
    }
    return this.#count === 0;
  }

  add(body: AppEventBody): void {
    if (this.isEmpty)
      this.#sql.exec("CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY, event TEXT NOT NULL)");
    const event: AppEvent = { id: crypto.randomUUID(), at: this.#now(), ...body };
    this.#sql.exec("INSERT INTO events (event) VALUES (?)", JSON.stringify(event));
    this.#count = (this.#count ?? 0) + 1;
  }

  take(limit: number): AppEvent[] {
    if (this.isEmpty) return [];
    return this.#sql
      .exec<{ event: string }>("SELECT event FROM events ORDER BY number LIMIT ?", limit)
      .toArray()
      .map(({ event }) => JSON.parse(event));
  }

  sent(ids: readonly string[]): void {
    for (const id of ids) this.#sql.exec("DELETE FROM events WHERE json_extract(event, '$.id') = ?", id);
    this.#count = undefined;
  }
}
