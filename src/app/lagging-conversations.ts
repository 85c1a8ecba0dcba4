import type { CopyDelay } from "../database/messages/copy-delay.ts";
import type { Sql } from "../sql.ts";
import type { MovedRows } from "./app-stub.ts";
import type { AppTables } from "./app-tables.ts";
import type { KeyValues } from "./key-values.ts";

/** The reported time is stored in steps of this many milliseconds, for after a restart. */
const STEP = 10_000;

/** Stands for `since` in the row of a conversation that has caught up while an older row of it may be on its way here. */
const CAUGHT_UP = Number.MAX_SAFE_INTEGER;

/** The time up to which D1 has all messages, and the conversations that are behind: a row each. */
export class LaggingConversations {
  readonly #sql: Sql;
  readonly #facts: KeyValues;
  readonly #delay: CopyDelay;
  readonly #start: { at: number } | undefined;

  /**
   * @param start when the machine started (ms), if machines stop. Conversations that were behind when it stopped report
   * that by alarms that were due meanwhile. Until those have run, no later time is reported than before.
   */
  constructor(tables: AppTables, facts: KeyValues, delay: CopyDelay, start?: { at: number }) {
    tables.create("behind");
    this.#sql = tables.sql;
    this.#facts = facts;
    this.#delay = delay;
    this.#start = start;
  }

  /** The messages of a conversation from after `since` (ms) are not in D1. Of several times the earliest counts. */
  behind(conversationId: string, since: number): void {
    this.#sql.exec(
      "INSERT INTO behind VALUES (?, ?) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since",
      conversationId,
      since,
    );
  }

  /** @param mayComeLate whether an older row of it may still be on its way here */
  caughtUp(conversationId: string, mayComeLate = false): void {
    if (mayComeLate) this.#sql.exec("INSERT OR REPLACE INTO behind VALUES (?, ?)", conversationId, CAUGHT_UP);
    else this.#sql.exec("DELETE FROM behind WHERE conversation_id = ?", conversationId);
  }

  /** Rows of another shard. What is known here of the same conversations is newer. */
  takeOver(rows: MovedRows["behind"]): void {
    for (const { conversationId, since } of rows)
      this.#sql.exec(
        "INSERT INTO behind VALUES (?, ?) ON CONFLICT DO UPDATE SET since = min(since, excluded.since) WHERE since < ?",
        ...[conversationId, since, CAUGHT_UP],
      );
  }

  /** Some rows in the order of their ids, which is that in which they move. */
  slice(after: string, limit: number): MovedRows["behind"] {
    return this.#sql
      .exec<{ conversationId: string; since: number }>(
        "SELECT conversation_id AS conversationId, since FROM behind WHERE conversation_id > ? ORDER BY 1 LIMIT ?",
        ...[after, limit],
      )
      .toArray();
  }

  /** Rows that another shard has taken over. */
  remove(rows: MovedRows["behind"]): void {
    for (const { conversationId } of rows)
      this.#sql.exec("DELETE FROM behind WHERE conversation_id = ?", conversationId);
  }

  /** Nothing is on its way here any more. */
  settle(): void {
    this.#sql.exec("DELETE FROM behind WHERE since = ?", CAUGHT_UP);
  }

  /** Those of some conversations that may be missing in D1, wholly or in part. */
  among(ids: string[]): string[] {
    const json = JSON.stringify(ids);
    return this.#sql
      .exec<{ id: string }>(
        "SELECT conversation_id AS id FROM behind WHERE since < ? AND conversation_id IN (SELECT value FROM json_each(?))",
        ...[CAUGHT_UP, json],
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** The time (ms) up to which D1 has the messages of all conversations; 0 if that is not known yet. */
  archivedUntil(now: number): number {
    const { since } = this.#sql
      .exec<{ since: number | null }>("SELECT min(since) AS since FROM behind")
      .one();
    const until = Math.min(since ?? now, now - this.#delay.normal);
    if (this.#start === undefined) return until;
    const claimed = Number(this.#facts.get("archivedUntil") ?? 0);
    if (now < this.#start.at + this.#delay.safety + this.#delay.normal) return Math.min(until, claimed);
    if (until >= claimed + STEP) this.#facts.set("archivedUntil", String(until));
    return until;
  }
}
