import { and, asc, desc, eq, gt, inArray, type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { clients, members } from "../schema/conversations.ts";
import { earlySubscriptionsOf, WRITTEN_TO } from "./early-subscriptions.ts";

/** The conversations of a client, a page at a time. */
export interface Memberships {
  /** In the order of their ids; at a first login after the services that wrote to the client before. */
  conversations: string[];
  /** Whether more conversations follow. */
  more: boolean;
}

/** What a client's first login finds. */
export interface RegisteredClient extends Memberships {
  /** The service conversations that it was subscribed to before it ever logged in, with the time (ms). */
  subscribed: { conversationId: string; since: number }[];
}

const PAGE = 1_000; // conversations

/** The clients among these that have ever logged in. Fails if D1 fails. */
export async function knownClientsAmong(db: D1Database, clientIds: readonly string[]): Promise<string[]> {
  const listed = sql`(SELECT value FROM json_each(${JSON.stringify(clientIds)}))`;
  const found = await drizzle(db)
    .select({ id: clients.clientId })
    .from(clients)
    .where(inArray(clients.clientId, listed));
  return found.map(({ id }) => id);
}

/**
 * Registers a client's first login at `now` (ms). Resolves to its memberships at that moment, or to none if the
 * conversations have informed it of everything before, with the services that wrote to it. Fails if D1 fails.
 */
export async function registerClient(
  db: D1Database,
  clientId: string,
  now: number,
): Promise<RegisteredClient> {
  const d1 = drizzle(db);
  const [, found, services] = await d1.batch([
    d1.insert(clients).values({ clientId, since: now }).onConflictDoNothing(),
    membershipsOf(d1, and(eq(members.clientId, clientId), isRegistered(clientId))),
    earlySubscriptionsOf(d1, clientId),
  ]);
  const { conversations, more } = pageOf(found);
  const writers = services
    .filter(({ since }) => since === WRITTEN_TO)
    .map((service) => service.conversationId);
  const subscribed = services.filter(({ since }) => since !== WRITTEN_TO);
  return { conversations: [...writers, ...conversations], more, subscribed };
}

/** A client's conversations in the order of ids, after one of them. Fails if D1 fails. */
export async function conversationsAfter(
  db: D1Database,
  clientId: string,
  after: string,
): Promise<Memberships> {
  const following = and(eq(members.clientId, clientId), gt(members.conversationId, after));
  return pageOf(await membershipsOf(drizzle(db), following));
}

/**
 * Whether the client was registered at a first login, so that no conversation informed it before. Clients from before
 * the table existed have `since` 0.
 */
function isRegistered(clientId: string): SQL {
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

/** The newest conversations of a client, oldest first. Fails if D1 fails. */
export function newestConversationsOf(db: D1Database, clientId: string, limit: number): Promise<string[]> {
  return newest(db, eq(members.clientId, clientId), limit);
}

/** The same, for a client that logged in after it was invited and may not have found the conversations yet. */
export function undiscoveredConversationsOf(
  db: D1Database,
  clientId: string,
  limit: number,
): Promise<string[]> {
  return newest(db, and(eq(members.clientId, clientId), isRegistered(clientId)), limit);
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
