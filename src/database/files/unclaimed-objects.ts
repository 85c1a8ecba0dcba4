import { inArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { unclaimedObjects } from "../schema/files.ts";
import { statement } from "../statement.ts";

/* Objects of the bucket that belong to no file. The caller sets a deadline for every call. A call throws if D1 fails. */

/** Up to so many names that are here since before a time (ms), the oldest first. */
export async function unclaimedSince(db: D1Database, before: number, most: number): Promise<string[]> {
  const query = sql`SELECT ${unclaimedObjects.object} FROM ${unclaimedObjects}
    WHERE ${unclaimedObjects.since} < ${before} ORDER BY ${unclaimedObjects.since} LIMIT ${most}`;
  const { results } = await statement(db, query).all<{ object: string }>();
  return results.map(({ object }) => object);
}

/** Forgets names whose objects were deleted. */
export async function forgetUnclaimed(db: D1Database, names: readonly string[]): Promise<void> {
  const listed = sql`(SELECT value FROM json_each(${JSON.stringify(names)}))`;
  await drizzle(db).delete(unclaimedObjects).where(inArray(unclaimedObjects.object, listed));
}
