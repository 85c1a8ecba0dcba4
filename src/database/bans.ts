import { asc, gt, inArray, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { bans } from "./schema.ts";

/** A client that may not log in. */
export interface Ban {
  clientId: string;
  reason: string;
  /** Since when (ms). */
  at: number;
}

/** Lists bans; the last one of a client counts. It is the client's own object that enforces it. */
export async function saveBans(db: D1Database, banned: readonly Ban[]): Promise<void> {
  const rows = JSON.stringify(banned.map(({ clientId, reason, at }) => [clientId, reason, at]));
  await drizzle(db).run(sql`INSERT INTO ${bans} (client_id, reason, at)
    SELECT value->>0, value->>1, value->>2 FROM json_each(${rows}) WHERE true
    ON CONFLICT (client_id) DO UPDATE SET reason = excluded.reason, at = excluded.at`);
}

/** Takes bans off the list; none is no matter. */
export async function removeBans(db: D1Database, clientIds: readonly string[]): Promise<void> {
  await drizzle(db)
    .delete(bans)
    .where(inArray(bans.clientId, listed(clientIds)));
}

const listed = (ids: readonly string[]): SQL => sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;

/** Up to `limit` bans in the order of client ids, those after a client's if one is named. */
export async function listBans(
  db: D1Database,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<Ban[]> {
  return drizzle(db)
    .select()
    .from(bans)
    .where(after === undefined ? undefined : gt(bans.clientId, after))
    .orderBy(asc(bans.clientId))
    .limit(limit);
}
