import { asc, eq, gt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { bans } from "./schema.ts";

/** A client that may not log in. */
export interface Ban {
  clientId: string;
  reason: string;
  /** Since when (ms). */
  at: number;
}

/** Lists a ban; the last one of a client counts. It is the client's own object that enforces it. */
export async function saveBan(db: D1Database, ban: Ban): Promise<void> {
  const { reason, at } = ban;
  await drizzle(db)
    .insert(bans)
    .values(ban)
    .onConflictDoUpdate({ target: bans.clientId, set: { reason, at } });
}

/** Takes a ban off the list; none is no matter. */
export async function removeBan(db: D1Database, clientId: string): Promise<void> {
  await drizzle(db).delete(bans).where(eq(bans.clientId, clientId));
}

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
