import { desc, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { events, movingRuns } from "./schema/app.ts";

/** Runs that are kept; older ones make room. */
const RUNS_KEPT = 20;
/** The latest requests that are looked at. */
const PASSED_LOOKED_AT = 5_000;

export type MovingRun = typeof movingRuns.$inferSelect;

/** Keeps the last report of a run, and of the latest runs only. One that came late changes nothing of a run that ended. */
export async function saveMovingRun(db: D1Database, run: MovingRun): Promise<void> {
  const d1 = drizzle(db);
  const { updatedAt, report } = run;
  await d1.batch([
    d1
      .insert(movingRuns)
      .values(run)
      .onConflictDoUpdate({
        target: movingRuns.run,
        set: { updatedAt, report },
        setWhere: sql`${movingRuns.report}->>'state' = 'running'`,
      }),
    d1.delete(movingRuns).where(sql`${movingRuns.run} NOT IN (
      SELECT ${movingRuns.run} FROM ${movingRuns} ORDER BY ${movingRuns.updatedAt} DESC LIMIT ${RUNS_KEPT})`),
  ]);
}

/** The latest runs, the newest report first. */
export async function movingRunsOf(db: D1Database): Promise<MovingRun[]> {
  return drizzle(db).select().from(movingRuns).orderBy(desc(movingRuns.updatedAt)).limit(RUNS_KEPT);
}

/** Requests that builds still make to what is passed on: of one build for one path. */
export interface PassedCalls {
  method: string;
  /** Ids in it are `*`. */
  path: string;
  /** The SDK and its version. */
  userAgent: string | null;
  count: number;
  /** How many of them did not end well. */
  failed: number;
  /** When the last of them came (ms). */
  lastAt: number;
}

/** The latest requests in the event log that were passed on, by build and path, the most frequent first. */
export async function passedCalls(
  db: D1Database,
  limit: number,
): Promise<{ calls: PassedCalls[]; lookedAt: number; from: number | undefined }> {
  // The name is written out: an index of some rows serves only what names them so.
  const rows = await drizzle(db).all<Omit<PassedCalls, "failed"> & { failed: number; firstAt: number }>(sql`
    SELECT detail->>'method' AS method, detail->>'path' AS path, detail->>'userAgent' AS userAgent,
      count(*) AS count, sum(detail->>'failure' IS NOT NULL) AS failed, max(at) AS lastAt, min(at) AS firstAt
    FROM (SELECT at, detail FROM ${events} INDEXED BY events_passed WHERE name = 'requestPassed'
      ORDER BY at DESC LIMIT ${PASSED_LOOKED_AT})
    GROUP BY 1, 2, 3`);
  const calls = new Map<string, PassedCalls>();
  let lookedAt = 0;
  let from: number | undefined;
  for (const { firstAt, ...row } of rows) {
    lookedAt += row.count;
    from = Math.min(from ?? firstAt, firstAt);
    const path = withoutIds(row.path);
    const key = `${row.method} ${path} ${row.userAgent}`;
    const known = calls.get(key);
    calls.set(key, {
      ...row,
      path,
      count: row.count + (known?.count ?? 0),
      failed: row.failed + (known?.failed ?? 0),
      lastAt: Math.max(row.lastAt, known?.lastAt ?? 0),
    });
  }
  const sorted = [...calls.values()].sort((a, b) => b.count - a.count || b.lastAt - a.lastAt);
  return { calls: sorted.slice(0, limit), lookedAt, from };
}

/** So that all rows of a class are one path. */
function withoutIds(path: string): string {
  return path.replaceAll(/\/(?:[0-9a-f]{24}|[0-9a-f-]{32,36}|\d{4,})(?=\/|$)/gi, "/*");
}
