import type { Sql } from "../sql.ts";
import type { QueueTables } from "./queue-tables.ts";

export interface WaitingMessage<Body> {
  place: number;
  body: Body;
  /** Attempts, this one included. */
  attempts: number;
}

/** Conversion of bodies to text. */
export interface BodyText<Body> {
  textOf(body: Body): string;
  bodyIn(text: string): Body;
}

type Row = { place: number; body: string; attempts: number };

/** The messages of a queue on a single machine: a row for each message, until a consumer has settled it. */
export class WaitingMessages<Body> {
  readonly #sql: Sql;
  readonly #text: BodyText<Body>;

  constructor(tables: QueueTables, text: BodyText<Body>) {
    tables.create("waiting");
    this.#sql = tables.sql;
    this.#text = text;
  }

  /** @param dueAt when they may be taken (ms) */
  add(bodies: readonly Body[], dueAt: number): void {
    for (const body of bodies) {
      const text = this.#text.textOf(body);
      this.#sql.exec("INSERT INTO waiting (event, attempts, due_at) VALUES (?, 0, ?)", text, dueAt);
    }
  }

  /** The due messages, oldest first; the consumer settles each. */
  take(now: number, limit: number): WaitingMessage<Body>[] {
    return this.#sql
      .exec<Row>(
        "UPDATE waiting SET attempts = attempts + 1 WHERE place IN " +
          "(SELECT place FROM waiting WHERE due_at <= ? ORDER BY due_at, place LIMIT ?) " +
          "RETURNING place, event AS body, attempts",
        now,
        limit,
      )
      .toArray()
      .map(({ place, body, attempts }) => ({ place, body: this.#text.bodyIn(body), attempts }))
      .sort((a, b) => a.place - b.place);
  }

  remove(place: number): void {
    this.#sql.exec("DELETE FROM waiting WHERE place = ?", place);
  }

  postpone(place: number, dueAt: number): void {
    this.#sql.exec("UPDATE waiting SET due_at = ? WHERE place = ?", dueAt, place);
  }

  get length(): number {
    return this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM waiting").one().count;
  }

  /** The time of the next message (ms); undefined if none waits. */
  get nextAt(): number | undefined {
    const [row] = this.#sql
      .exec<{ next: number | null }>("SELECT min(due_at) AS next FROM waiting")
      .toArray();
    return row?.next ?? undefined;
  }
}
