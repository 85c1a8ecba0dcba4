import { asc, eq, gt, inArray, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { bans } from "./schema/app.ts";

/** A client that may not log in. */
export interface BanRecord {
  clientId: string;
  reason: string;
  /** Since when (ms). */
  at: number;
}

/** Adds bans to the list; the last ban of a client counts. The client's own object enforces it. */
export async function saveBans(db: D1Database, banned: readonly BanRecord[]): Promise<void> {
  const rows = JSON.stringify(banned.map(({ clientId, reason, at }) => [clientId, reason, at]));
  await drizzle(db).run(sql`INSERT INTO ${bans} (client_id, reason, at)
    SELECT value->>0, value->>1, value->>2 FROM json_each(${rows}) WHERE true
    ON CONFLICT (client_id) DO UPDATE SET reason = excluded.reason, at = excluded.at`);
}

/** Removes bans from the list. Missing bans are ignored. */
export async function removeBans(db: D1Database, clientIds: readonly string[]): Promise<void> {
  await drizzle(db)
    .delete(bans)
    .where(inArray(bans.clientId, listed(clientIds)));
}

const listed = (ids: readonly string[]): SQL => sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;

/** The ban of a client; undefined if it has none. */
export async function banOf(db: D1Database, clientId: string): Promise<BanRecord | undefined> {
  return drizzle(db).select().from(bans).where(eq(bans.clientId, clientId)).get();
}

/** Up to `limit` bans in the order of client ids, starting after the client `after` if given. */
export async function listBans(
  db: D1Database,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<BanRecord[]> {
  return drizzle(db)
    .select()
    .from(bans)
    .where(after === undefined ? undefined : gt(bans.clientId, after))
    .orderBy(asc(bans.clientId))
    .limit(limit);
}
