import { type SQL, sql } from "drizzle-orm";
import { messages } from "../schema/messages.ts";
import { statement } from "../statement.ts";
import type { Archive } from "./archive.ts";

/** Messages that one statement looks at: on a single machine D1 runs on the thread of everything else. */
const SLICE = 500;
/** To pass over a message that stays is less work than to delete one, by this factor. */
const PASSED = 20;

export interface Deletion {
  deleted: number;
  /** Whether nothing is left to delete. */
  isComplete: boolean;
}

/**
 * Deletes the messages before a time from every database of the archive, the oldest first, some at a time. What is left
 * when `most` is reached is for the next call. Throws if a database fails: the others may have deleted theirs.
 *
 * @param before their place in the log (ms)
 * @param kept conversations whose messages stay, as they are now: asked before each slice
 * @param most messages to delete in each database; those that stay count less
 */
export async function deleteMessagesBefore(
  archive: Archive,
  before: number,
  { kept, most }: { kept: () => Promise<readonly string[]>; most: number },
): Promise<Deletion> {
  const each = await Promise.all(archive.databases.map((db) => deleteIn(db, { before, kept, most })));
  return {
    deleted: each.reduce((sum, { deleted }) => sum + deleted, 0),
    isComplete: each.every(({ isComplete }) => isComplete),
  };
}

async function deleteIn(
  db: D1Database,
  { before, kept, most }: { before: number; kept: () => Promise<readonly string[]>; most: number },
): Promise<Deletion> {
  let deleted = 0;
  const beforeTime = sql`${messages.timestamp} < ${before}`;
  // Messages that stay are passed over once, not by every slice.
  let after: SQL | undefined;
  for (let work = 0; work < most; ) {
    const last = await statement(db, endOfSlice(both(after, beforeTime))).first<{ at: number; id: string }>();
    // One bound on each side: with two of them SQLite may read up to the further one.
    const end = last ? sql`${place} <= (${last.at}, ${last.id})` : beforeTime;
    const { meta } = await statement(db, deletionOf(both(after, end), await kept())).run();
    deleted += meta.changes;
    work += meta.changes + (SLICE - meta.changes) / PASSED;
    if (last === null) return { deleted, isComplete: true };
    after = sql`${place} > (${last.at}, ${last.id})`;
  }
  return { deleted, isComplete: false };
}

const both = (after: SQL | undefined, end: SQL): SQL =>
  after === undefined ? end : sql`${after} AND ${end}`;

const place = sql`(${messages.timestamp}, ${messages.conversationId})`;

const endOfSlice = (within: SQL): SQL => sql`SELECT timestamp AS at, conversation_id AS id FROM ${messages}
  WHERE ${within} ORDER BY timestamp, conversation_id LIMIT 1 OFFSET ${SLICE - 1}`;

function deletionOf(within: SQL, kept: readonly string[]): SQL {
  const deletion = sql`DELETE FROM ${messages} WHERE ${within}`;
  if (kept.length === 0) return deletion;
  return sql`${deletion} AND conversation_id NOT IN (SELECT value FROM json_each(${JSON.stringify(kept)}))`;
}
