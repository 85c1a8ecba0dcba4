import { and, asc, desc, eq, gt, inArray, type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { clients, members } from "../schema.ts";

/** What a client that logs in for the first time is a member of. */
export interface Memberships {
  /** By id; those that come first. */
  conversations: string[];
  /** Whether there are others after them. */
  more: boolean;
}

const PAGE = 1_000; // conversations

/** Those of some clients that have ever logged in. Fails when D1 does. */
export async function knownClientsAmong(db: D1Database, clientIds: readonly string[]): Promise<string[]> {
  const listed = sql`(SELECT value FROM json_each(${JSON.stringify(clientIds)}))`;
  const found = await drizzle(db)
    .select({ id: clients.clientId })
    .from(clients)
    .where(inArray(clients.clientId, listed));
  return found.map(({ id }) => id);
}

/**
 * A client logs in for the first time (ms). Resolves to what it is a member of by then; to nothing where conversations
 * told it everything before. Fails when D1 does.
 */
export async function registerClient(db: D1Database, clientId: string, now: number): Promise<Memberships> {
  const d1 = drizzle(db);
  const [, found] = await d1.batch([
    d1.insert(clients).values({ clientId, since: now }).onConflictDoNothing(),
    membershipsOf(d1, and(eq(members.clientId, clientId), isNew(clientId))),
  ]);
  return pageOf(found);
}

/** What a client is a member of, by id, after one of them. Fails when D1 does. */
export async function conversationsAfter(
  db: D1Database,
  clientId: string,
  after: string,
): Promise<Memberships> {
  const following = and(eq(members.clientId, clientId), gt(members.conversationId, after));
  return pageOf(await membershipsOf(drizzle(db), following));
}

/** Whether conversations told a client nothing before it logged in: those that D1 had when its table was made, they did. */
function isNew(clientId: string): SQL {
  return sql`${clientId} IN (SELECT client_id FROM ${clients} WHERE since > 0)`;
}

function membershipsOf(d1: DrizzleD1Database, where: SQL | undefined) {
  return d1
    .select({ id: members.conversationId })
    .from(members)
    .where(where)
    .orderBy(asc(members.conversationId))
    .limit(PAGE + 1);
}

function pageOf(found: { id: string }[]): Memberships {
  return { conversations: found.slice(0, PAGE).map(({ id }) => id), more: found.length > PAGE };
}

/** The newest conversations of a client, the oldest of them first. Fails when D1 does. */
export function newestConversationsOf(db: D1Database, clientId: string, limit: number): Promise<string[]> {
  return newest(db, eq(members.clientId, clientId), limit);
}

/** The same of a client that logged in after it was invited to them, and may not have found them yet. */
export function undiscoveredConversationsOf(
  db: D1Database,
  clientId: string,
  limit: number,
): Promise<string[]> {
  return newest(db, and(eq(members.clientId, clientId), isNew(clientId)), limit);
}

async function newest(db: D1Database, where: SQL | undefined, limit: number): Promise<string[]> {
  const found = await drizzle(db)
    .select({ id: members.conversationId })
    .from(members)
    .where(where)
    .orderBy(desc(members.conversationId))
    .limit(limit);
  return found.map(({ id }) => id).reverse();
}
