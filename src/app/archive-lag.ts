import { NORMAL_LAG } from "../history/lag.ts";
import type { Sql } from "../sql.ts";

/** The conversations whose history did not reach D1: a row each, until they have caught up. */
export class ArchiveLag {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS behind (conversation_id TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID",
    );
  }

  /** What was said there after `since` (ms) is not in D1. Of several times the earliest counts. */
  behind(conversationId: string, since: number): void {
    this.#sql.exec(
      "INSERT INTO behind VALUES (?, ?) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since",
      conversationId,
      since,
    );
  }

  caughtUp(conversationId: string): void {
    this.#sql.exec("DELETE FROM behind WHERE conversation_id = ?", conversationId);
  }

  /** Those of some conversations that D1 may lack, or lack something of. */
  among(ids: string[]): string[] {
    const asked = JSON.stringify(ids);
    return this.#sql
      .exec<{ id: string }>(
        "SELECT conversation_id AS id FROM behind WHERE conversation_id IN (SELECT value FROM json_each(?))",
        asked,
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** Up to when (ms) D1 has everything that was said in any conversation. */
  archivedUntil(now: number): number {
    const { since } = this.#sql
      .exec<{ since: number | null }>("SELECT min(since) AS since FROM behind")
      .one();
    return Math.min(since ?? now, now - NORMAL_LAG);
  }
}
