import type { Sql } from "../sql.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";

/** Rows that are counted in one go. */
const SLICE = 20_000;
const START = { online: -1, clientId: "" };

/** What a client's row says. */
export interface Standing {
  online: 0 | 1;
  /** UTC days since 1970; of its last change. */
  day: number;
}

/**
 * How many clients are online, and were today. The rows are counted once after the object woke, in slices and when
 * somebody first asks; from then on each change is added. Counting goes in the order of the key, so a change between
 * two slices is added if its row was behind already.
 */
export class PresenceCounts {
  readonly #sql: Sql;
  #online = 0;
  /** Clients that are offline and were online on this day. */
  #leftToday = 0;
  #day = 0;
  /** The last row that was counted; undefined when all were. */
  #upTo: { online: number; clientId: string } | undefined = START;
  #counting: Promise<void> | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** @param day UTC days since 1970 */
  async on(day: number): Promise<{ online: number; today: number }> {
    this.#begin(day);
    if (this.#upTo !== undefined) {
      this.#counting ??= this.#count().finally(() => {
        this.#counting = undefined;
      });
      await this.#counting;
    }
    return { online: this.#online, today: this.#online + this.#leftToday };
  }

  /** The row of a client was written today. @param before undefined if it is new */
  changed(clientId: string, before: Standing | undefined, after: Standing): void {
    this.#begin(after.day);
    if (before !== undefined) this.#add(clientId, before, -1);
    this.#add(clientId, after, 1);
  }

  /** Rows came or went that no change was told of: all are counted again. */
  forget(): void {
    this.#online = 0;
    this.#leftToday = 0;
    this.#upTo = START;
  }

  #add(clientId: string, { online, day }: Standing, rows: number): void {
    if (!this.#isCounted(online, clientId)) return;
    if (online === 1) this.#online += rows;
    else if (day === this.#day) this.#leftToday += rows;
  }

  /** By SQLite, whose order of texts is not that of JavaScript. */
  #isCounted(online: number, clientId: string): boolean {
    const last = this.#upTo;
    if (last === undefined || last === START) return last === undefined;
    return (
      this.#sql
        .exec<{ is: number }>("SELECT (?, ?) <= (?, ?) AS 'is'", online, clientId, last.online, last.clientId)
        .one().is === 1
    );
  }

  /** Nobody has left on a day that begins. */
  #begin(day: number): void {
    if (day === this.#day) return;
    this.#leftToday = 0;
    // The clock was set back: who left on that day is in the rows.
    if (day < this.#day) this.forget();
    this.#day = day;
  }

  async #count(): Promise<void> {
    while (this.#countSlice()) await yieldToEventLoop();
  }

  /** Returns whether rows are left. */
  #countSlice(): boolean {
    const { online, clientId } = this.#upTo ?? START;
    const slice = this.#sql
      .exec<{ online: number; rows: number; today: number; last: string }>(
        "SELECT online, count(*) AS rows, count(*) FILTER (WHERE day = ?) AS today, max(client_id) AS last FROM (" +
          "SELECT online, client_id, day FROM presence WHERE (online, client_id) > (?, ?) " +
          "ORDER BY online, client_id LIMIT ?) GROUP BY online ORDER BY online",
        this.#day,
        online,
        clientId,
        SLICE,
      )
      .toArray();
    for (const { online: isOnline, rows, today } of slice)
      if (isOnline === 1) this.#online += rows;
      else this.#leftToday += today;
    const last = slice.at(-1);
    const isWhole = slice.reduce((sum, { rows }) => sum + rows, 0) === SLICE;
    this.#upTo = isWhole && last !== undefined ? { online: last.online, clientId: last.last } : undefined;
    return this.#upTo !== undefined;
  }
}
