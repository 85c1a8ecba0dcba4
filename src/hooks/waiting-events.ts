import type { Sql } from "../sql.ts";
import { eventIn, textOf } from "./event-text.ts";
import type { QueuedEvent } from "./events.ts";

export interface WaitingEvent {
  place: number;
  event: QueuedEvent;
  /** How often it was taken, this time included. */
  attempts: number;
}

type Row = { place: number; event: string; attempts: number };

/** Events on one's own box, between who tells them and who takes them: a row each, until somebody took it. */
export class WaitingEvents {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS waiting (place INTEGER PRIMARY KEY, event TEXT NOT NULL, " +
        "attempts INTEGER NOT NULL, due_at INTEGER NOT NULL)",
    );
    sql.exec("CREATE INDEX IF NOT EXISTS waiting_by_time ON waiting (due_at)");
  }

  /** @param dueAt when they may be taken (ms) */
  add(events: readonly QueuedEvent[], dueAt: number): void {
    for (const event of events) {
      this.#sql.exec("INSERT INTO waiting (event, attempts, due_at) VALUES (?, 0, ?)", textOf(event), dueAt);
    }
  }

  /** Those that are due, oldest first; whoever takes them says of each what became of it. */
  take(now: number, limit: number): WaitingEvent[] {
    return this.#sql
      .exec<Row>(
        "UPDATE waiting SET attempts = attempts + 1 WHERE place IN " +
          "(SELECT place FROM waiting WHERE due_at <= ? ORDER BY due_at, place LIMIT ?) RETURNING *",
        now,
        limit,
      )
      .toArray()
      .map(({ place, event, attempts }) => ({ place, event: eventIn<QueuedEvent>(event), attempts }))
      .sort((a, b) => a.place - b.place);
  }

  remove(place: number): void {
    this.#sql.exec("DELETE FROM waiting WHERE place = ?", place);
  }

  postpone(place: number, dueAt: number): void {
    this.#sql.exec("UPDATE waiting SET due_at = ? WHERE place = ?", dueAt, place);
  }

  /** When the next one is due (ms); undefined when none waits. */
  get nextAt(): number | undefined {
    const [row] = this.#sql
      .exec<{ next: number | null }>("SELECT min(due_at) AS next FROM waiting")
      .toArray();
    return row?.next ?? undefined;
  }
}
