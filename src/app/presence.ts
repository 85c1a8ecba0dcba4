import type { Sql } from "../sql.ts";
import type { PresenceSearch } from "./app-stub.ts";
import type { AppTables } from "./app-tables.ts";
import type { KeyValues } from "./key-values.ts";

const DAY = 24 * 60 * 60 * 1000; // ms
/**
 * How many days the row of an offline client is kept. Removing a row costs as much as writing it, so clients that are
 * online every day must not lose theirs each night.
 */
const REMEMBERED = 30; // days

/**
 * Which clients are online, and which were today: one row per client, written when that changes. A client that is
 * online counts for every day; the day in its row is that of the last change.
 */
export class Presence {
  readonly #sql: Sql;
  readonly #facts: KeyValues;

  constructor(tables: AppTables, facts: KeyValues) {
    tables.create("presence");
    this.#sql = tables.sql;
    this.#facts = facts;
  }

  /** The client has a session. A repeat writes nothing. */
  online(clientId: string, now: number): void {
    if (this.#isIn(1, clientId)) return;
    this.#tidy(now);
    if (this.#isIn(0, clientId)) this.#move(clientId, 1, now);
    else
      this.#sql.exec("INSERT INTO presence (client_id, online, day) VALUES (?, 1, ?)", clientId, dayOf(now));
  }

  /** The client's last session ended. Nothing is stored for a client that was not online. */
  offline(clientId: string, now: number): void {
    if (!this.#isIn(1, clientId)) return;
    this.#tidy(now);
    this.#move(clientId, 0, now);
  }

  /** Those of some clients that are online. */
  among(clientIds: string[]): string[] {
    return this.#sql
      .exec<{ id: string }>(
        "SELECT client_id AS id FROM presence WHERE online = 1 AND client_id IN (SELECT value FROM json_each(?))",
        JSON.stringify(clientIds),
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** A page of the clients that are online, in the order of their ids, after one of them. */
  after(clientId: string, limit: number): string[] {
    return this.#sql
      .exec<{ id: string }>(
        "SELECT client_id AS id FROM presence WHERE online = 1 AND client_id > ? ORDER BY client_id LIMIT ?",
        clientId,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** A page of the clients that are online, or were at any time of this UTC day, whose ids begin so. */
  find({ prefix, after, today, limit }: PresenceSearch, now: number): string[] {
    return this.#sql
      .exec<{ id: string }>(
        "SELECT client_id AS id FROM presence WHERE client_id > ? AND client_id >= ? AND client_id < ? " +
          "AND (online = 1 OR day = ?) ORDER BY client_id LIMIT ?",
        after,
        prefix,
        `${prefix}\u{10ffff}`,
        today ? dayOf(now) : -1,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** The number of clients that are online now, and of those that were at any time of this UTC day. */
  counts(now: number): { online: number; today: number } {
    return this.#sql
      .exec<{ online: number; today: number }>(
        "SELECT count(*) FILTER (WHERE online = 1) AS online, count(*) FILTER (WHERE online = 1 OR day = ?) AS today " +
          "FROM presence",
        dayOf(now),
      )
      .one();
  }

  #isIn(online: 0 | 1, clientId: string): boolean {
    const found = this.#sql.exec(
      "SELECT 1 FROM presence WHERE online = ? AND client_id = ?",
      online,
      clientId,
    );
    return found.toArray().length > 0;
  }

  /** One row, though its key changes. */
  #move(clientId: string, online: 0 | 1, now: number): void {
    this.#sql.exec(
      "UPDATE presence SET online = ?, day = ? WHERE online = ? AND client_id = ?",
      online,
      dayOf(now),
      1 - online,
      clientId,
    );
  }

  /** Runs with the first change of a day, since it reads the whole table. */
  #tidy(now: number): void {
    const today = dayOf(now);
    if (this.#facts.get("tidiedOn") === String(today)) return;
    this.#facts.set("tidiedOn", String(today));
    this.#sql.exec("DELETE FROM presence WHERE online = 0 AND day < ?", today - REMEMBERED);
  }
}

/** UTC days since 1970. */
function dayOf(now: number): number {
  return Math.floor(now / DAY);
}
