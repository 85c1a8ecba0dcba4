import { afterPrefix } from "../compare-texts.ts";
import type { Sql } from "../sql.ts";
import type { MovedRows, PresenceSearch } from "./app-stub.ts";
import type { AppTables } from "./app-tables.ts";
import type { KeyValues } from "./key-values.ts";
import { PresenceCounts } from "./presence-counts.ts";

const DAY = 24 * 60 * 60 * 1000; // ms
/**
 * How many days the row of an offline client is kept. Removing a row costs as much as writing it, so clients that are
 * online every day must not lose theirs each night.
 */
const REMEMBERED = 30; // days

/**
 * Which clients are online, and which were today: one row per client, written when that changes. A client that is
 * online counts for every day; the day in its row is that of the last change. Their numbers are counted once after the
 * object woke, and kept in memory from then on: who watches them asks every few seconds.
 */
export class Presence {
  readonly #sql: Sql;
  readonly #facts: KeyValues;
  readonly #counts: PresenceCounts;

  constructor(tables: AppTables, facts: KeyValues) {
    tables.create("presence");
    this.#sql = tables.sql;
    this.#facts = facts;
    this.#counts = new PresenceCounts(tables.sql);
  }

  /** The client has a session. A repeat writes nothing. */
  online(clientId: string, now: number): void {
    if (this.#dayIn(1, clientId) !== undefined) return;
    this.#tidy(now);
    const day = this.#dayIn(0, clientId);
    if (day !== undefined) this.#move(clientId, 1, now);
    else
      this.#sql.exec("INSERT INTO presence (client_id, online, day) VALUES (?, 1, ?)", clientId, dayOf(now));
    const before = day === undefined ? undefined : ({ online: 0, day } as const);
    this.#counts.changed(clientId, before, { online: 1, day: dayOf(now) });
  }

  /**
   * The client's last session ended. Nothing is stored for a client that was not online. Returns whether it was.
   *
   * @param mayComeOnline whether its row may still be on its way here, and must not make it online again
   */
  offline(clientId: string, now: number, mayComeOnline = false): boolean {
    const day = this.#dayIn(1, clientId);
    if (day === undefined) {
      if (mayComeOnline) this.takeOver([{ clientId, online: 0, day: dayOf(now) }]);
      return false;
    }
    this.#tidy(now);
    this.#move(clientId, 0, now);
    this.#counts.changed(clientId, { online: 1, day }, { online: 0, day: dayOf(now) });
    return true;
  }

  /** Rows of another shard. What is known here of the same clients is newer. */
  takeOver(rows: MovedRows["presence"]): void {
    for (const { clientId, online, day } of rows) {
      if (this.#dayIn(0, clientId) !== undefined || this.#dayIn(1, clientId) !== undefined) continue;
      this.#sql.exec(
        "INSERT INTO presence (client_id, online, day) VALUES (?, ?, ?)",
        ...[clientId, online, day],
      );
      this.#counts.forget();
    }
  }

  /** Some rows in the order in which they move, those of clients that are online first. */
  slice(after: { online: 0 | 1; clientId: string } | undefined, limit: number): MovedRows["presence"] {
    const { online, clientId } = after ?? { online: 1, clientId: "" };
    return this.#sql
      .exec<{ clientId: string; online: 0 | 1; day: number }>(
        "SELECT client_id AS clientId, online, day FROM presence WHERE online = ? AND client_id > ? " +
          "ORDER BY client_id LIMIT ?",
        ...[online, clientId, limit],
      )
      .toArray();
  }

  /** Rows that another shard has taken over. */
  remove(rows: MovedRows["presence"]): void {
    for (const { clientId, online } of rows)
      this.#sql.exec("DELETE FROM presence WHERE online = ? AND client_id = ?", online, clientId);
    if (rows.length > 0) this.#counts.forget();
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
        afterPrefix(prefix),
        today ? dayOf(now) : -1,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** The number of clients that are online now, and of those that were at any time of this UTC day. */
  counts(now: number): Promise<{ online: number; today: number }> {
    return this.#counts.on(dayOf(now));
  }

  /** The day in a client's row; undefined if there is none. */
  #dayIn(online: 0 | 1, clientId: string): number | undefined {
    const [found] = this.#sql
      .exec<{ day: number }>("SELECT day FROM presence WHERE online = ? AND client_id = ?", online, clientId)
      .toArray();
    return found?.day;
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
