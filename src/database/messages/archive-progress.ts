import { type SQL, sql } from "drizzle-orm";
import type { SeenVersion } from "../../protocol/seen-version.ts";
import { conversations } from "../schema/conversations.ts";
import { statement } from "../statement.ts";

/** How far D1 follows a conversation's log: its newest message and its newest patch (ms, 0 for none). */
export interface ArchiveProgress {
  timestamp: number;
  patchedAt: number;
}

/** How far D1 follows a conversation's log; undefined if D1 does not know the conversation. */
export async function archivedUpTo(
  db: D1Database,
  conversationId: string,
): Promise<ArchiveProgress | undefined> {
  return progressIn((await statement(db, progressQuery(conversationId)).first<ProgressRow>()) ?? undefined);
}

/** Unchecked values from the driver. */
export type ProgressRow = { timestamp: unknown; patched_at: unknown };

/** Columns are qualified by their table: SQLite reads an unknown quoted name as a text. */
export function progressQuery(conversationId: string): SQL {
  return sql`SELECT c.archived_at AS timestamp, c.archived_patch_at AS patched_at FROM ${conversations} AS c
    WHERE c.id = ${conversationId}`;
}

export function progressIn(reached: ProgressRow | undefined): ArchiveProgress | undefined {
  return (
    reached && {
      timestamp: timeIn(reached.timestamp, "archived_at"),
      patchedAt: timeIn(reached.patched_at, "archived_patch_at"),
    }
  );
}

/** The conversations that D1 lacks, or has in an older state than the client was shown. */
export async function lagging(db: D1Database, shown: readonly SeenVersion[]): Promise<string[]> {
  const wanted = JSON.stringify(
    shown.map(({ conversationId, upTo, changedAt }) => [conversationId, upTo, changedAt]),
  );
  const query = sql`SELECT value->>0 AS id FROM json_each(${wanted}) WHERE NOT EXISTS (
    SELECT 1 FROM ${conversations} AS c WHERE c.id = value->>0 AND c.updated_at >= value->>2
      AND max(coalesce(c.archived_at, 0), coalesce(c.archived_patch_at, 0)) >= value->>1)`;
  const { results } = await statement(db, query).all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** A time (ms) from SQL; 0 for none. Throws for anything else, for example if the table lacks the column. */
function timeIn(value: unknown, what: string): number {
  if (value === null) return 0;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new Error(`D1 says ${what} is ${JSON.stringify(value)}, which is no time`);
  }
  return value;
}
