import { desc, gt, isNotNull, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { mirrorProgress } from "./schema/conversations.ts";

/** What became of a conversation's messages since the last report, and what waits now. */
export interface MirrorReport {
  conversationId: string;
  sent: number;
  received: number;
  leftOut: number;
  /** Why the last message that was left out cannot go; undefined if none was. */
  leftOutWhy: string | undefined;
  waiting: number;
  /** Time of the oldest message that waits (ms). */
  waitingSince: number | undefined;
  /** What the last attempt met; undefined if it succeeded. */
  problem: string | undefined;
}

export async function saveMirrorReport(db: D1Database, report: MirrorReport, now: number): Promise<void> {
  const { leftOutWhy = null, waitingSince = null, problem = null, ...counts } = report;
  const row = { ...counts, leftOutWhy, waitingSince, problem, updatedAt: now };
  await drizzle(db)
    .insert(mirrorProgress)
    .values(row)
    .onConflictDoUpdate({
      target: mirrorProgress.conversationId,
      set: {
        sent: sql`sent + excluded.sent`,
        received: sql`received + excluded.received`,
        leftOut: sql`left_out + excluded.left_out`,
        leftOutWhy: sql`coalesce(excluded.left_out_why, left_out_why)`,
        waiting: report.waiting,
        waitingSince,
        problem,
        updatedAt: now,
      },
    });
}

export type MirrorState = Pick<MirrorReport, "sent" | "received" | "leftOut" | "waiting"> & {
  /** Conversations whose messages wait, the one that waits longest first; then those that had some left out. */
  conversations: (typeof mirrorProgress.$inferSelect)[];
};

/** How the mirror does, with up to `limit` conversations of each kind. */
export async function mirrorState(db: D1Database, limit: number): Promise<MirrorState> {
  const total = (column: string) => sql<number>`coalesce(sum(${sql.raw(column)}), 0)`;
  const [totals, waiting, leftOut] = await drizzle(db).batch([
    drizzle(db)
      .select({
        sent: total("sent"),
        received: total("received"),
        leftOut: total("left_out"),
        waiting: total("waiting"),
      })
      .from(mirrorProgress),
    drizzle(db)
      .select()
      .from(mirrorProgress)
      .where(isNotNull(mirrorProgress.waitingSince))
      .orderBy(mirrorProgress.waitingSince)
      .limit(limit),
    drizzle(db)
      .select()
      .from(mirrorProgress)
      .where(gt(mirrorProgress.leftOut, 0))
      .orderBy(desc(mirrorProgress.updatedAt))
      .limit(limit),
  ]);
  const [counts = { sent: 0, received: 0, leftOut: 0, waiting: 0 }] = totals;
  const conversations = new Map([...waiting, ...leftOut].map((row) => [row.conversationId, row]));
  return { ...counts, conversations: [...conversations.values()] };
}
