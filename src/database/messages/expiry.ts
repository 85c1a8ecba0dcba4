import { type SQL, sql } from "drizzle-orm";
import { messages } from "../schema/messages.ts";
import { statement } from "../statement.ts";
import type { Archive } from "./archive.ts";
import { BUCKETS, rangesOfAll } from "./buckets.ts";

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
 * Deletes the messages before a time from every database of the archive, some at a time. What is left when `most` is
 * reached is for the next call. Throws if a database fails: the others may have deleted theirs.
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
  // Messages that stay are passed over once, not by every slice.
  let after: Place = { bucket: 0, at: 0, id: "" };
  for (let work = 0; work < most; ) {
    const last = await statement(db, endOfSlice(after, before)).first<Place>();
    const { meta } = await statement(db, deletionOf(after, last, before, await kept())).run();
    deleted += meta.changes;
    work += meta.changes + (SLICE - meta.changes) / PASSED;
    if (last === null) return { deleted, isComplete: true };
    after = last;
  }
  return { deleted, isComplete: false };
}

/** A place in the table. */
interface Place {
  bucket: number;
  at: number;
  id: string;
}

/** The parts of some buckets that are before a time and after a place, in the order of the table. */
function partsOf(after: Place, before: number, lastBucket: number): SQL {
  const ranges = rangesOfAll(0, before - 1).slice(after.bucket, lastBucket + 1);
  const parts = JSON.stringify(
    ranges.map(([bucket, first, last]) => [bucket, bucket === after.bucket ? after.at : first, last]),
  );
  return sql`json_each(${parts}) CROSS JOIN messages AS m ON m.bucket = value->>0
    AND m.timestamp BETWEEN value->>1 AND value->>2
    AND (+m.bucket, +m.timestamp, m.conversation_id) > (${after.bucket}, ${after.at}, ${after.id})`;
}

const endOfSlice = (after: Place, before: number): SQL => sql`
  SELECT m.bucket, m.timestamp AS at, m.conversation_id AS id FROM ${partsOf(after, before, BUCKETS - 1)}
  LIMIT 1 OFFSET ${SLICE - 1}`;

function deletionOf(after: Place, last: Place | null, before: number, kept: readonly string[]): SQL {
  const end = last ?? { bucket: BUCKETS, at: 0, id: "" };
  return sql`DELETE FROM ${messages} WHERE (bucket, timestamp, conversation_id) IN (
    SELECT m.bucket, m.timestamp, m.conversation_id FROM ${partsOf(after, before, end.bucket)}
    WHERE (+m.bucket, +m.timestamp, m.conversation_id) <= (${end.bucket}, ${end.at}, ${end.id})
      AND m.conversation_id NOT IN (SELECT value FROM json_each(${JSON.stringify(kept)})))`;
}
