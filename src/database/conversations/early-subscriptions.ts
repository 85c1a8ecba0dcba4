import { and, eq, lte, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { chunksOf } from "../chunks.ts";
import { earlySubscriptions } from "../schema/conversations.ts";
import { statement } from "../statement.ts";

/** A subscription to a service conversation. */
export interface EarlySubscription {
  conversationId: string;
  clientId: string;
  /** Milliseconds. */
  since: number;
}

/*
 * Subscriptions to service conversations of clients that have not logged in: their first login reads them here, so that
 * no object is made for a name that nobody has.
 */

/** The time of a row for a service that wrote to a client by name, subscribed or not. */
export const WRITTEN_TO = 0;

/** Adds subscriptions, or takes the later time of one that is there. Fails if D1 fails. */
export async function addEarlySubscriptions(
  db: D1Database,
  subscriptions: readonly EarlySubscription[],
): Promise<void> {
  if (subscriptions.length === 0) return;
  const rows = subscriptions.map(({ clientId, conversationId, since }) => [clientId, conversationId, since]);
  const insertions = chunksOf(rows).map(
    (chunk) => sql`INSERT INTO ${earlySubscriptions} (client_id, conversation_id, since)
      SELECT value->>0, value->>1, value->>2 FROM json_each(${chunk}) WHERE true
      ON CONFLICT (client_id, conversation_id) DO UPDATE SET since = excluded.since
      WHERE excluded.since > ${earlySubscriptions.since}`,
  );
  await db.batch(insertions.map((insertion) => statement(db, insertion)));
}

/**
 * Ends a subscription made by this time. Fails if D1 fails.
 *
 * @param rest "written to" keeps a row: the client's first login asks the service, which wrote to it by name
 */
export async function endEarlySubscription(
  db: D1Database,
  { clientId, conversationId, since }: EarlySubscription,
  rest: "nothing" | "written to",
): Promise<void> {
  const which = and(
    eq(earlySubscriptions.clientId, clientId),
    eq(earlySubscriptions.conversationId, conversationId),
    lte(earlySubscriptions.since, since),
  );
  const d1 = drizzle(db);
  if (rest === "nothing") await d1.delete(earlySubscriptions).where(which);
  else await d1.update(earlySubscriptions).set({ since: WRITTEN_TO }).where(which);
}

/** Removes the rows of some clients for one conversation. Fails if D1 fails. */
export async function removeEarlySubscriptions(
  db: D1Database,
  conversationId: string,
  clientIds: readonly string[],
): Promise<void> {
  if (clientIds.length === 0) return;
  const removals = chunksOf([...clientIds]).map(
    (chunk) => sql`DELETE FROM ${earlySubscriptions}
      WHERE ${earlySubscriptions.clientId} IN (SELECT value FROM json_each(${chunk}))
      AND ${earlySubscriptions.conversationId} = ${conversationId}`,
  );
  await db.batch(removals.map((removal) => statement(db, removal)));
}

/** Those of one client: an app subscribes each of its clients to a few services. */
export function earlySubscriptionsOf(d1: DrizzleD1Database, clientId: string) {
  const { conversationId, since } = earlySubscriptions;
  return d1
    .select({ conversationId, since })
    .from(earlySubscriptions)
    .where(eq(earlySubscriptions.clientId, clientId));
}

/** The subscriptions alone, for the app's server. */
export async function readEarlySubscriptions(
  db: D1Database,
  clientId: string,
): Promise<Omit<EarlySubscription, "clientId">[]> {
  const rows = await earlySubscriptionsOf(drizzle(db), clientId);
  return rows.filter(({ since }) => since !== WRITTEN_TO);
}
