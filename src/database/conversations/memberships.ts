import { and, asc, desc, eq, gt, inArray, type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { clients, earlySubscriptions, members } from "../schema/conversations.ts";
import { statement } from "../statement.ts";
import { WRITTEN_TO } from "./early-subscriptions.ts";

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
 * Registers the first logins of some clients at `now` (ms), each once, in one call of D1. Resolves for each, in their
 * order, to its memberships at that moment, or to none if the conversations have informed it of everything before, with
 * the services that wrote to it. Fails if D1 fails.
 */
export async function registerClients(
  db: D1Database,
  clientIds: readonly string[],
  now: number,
): Promise<RegisteredClient[]> {
  const wanted = JSON.stringify(clientIds);
  const registering = sql`INSERT OR IGNORE INTO ${clients} (client_id, since) SELECT value, ${now} FROM json_each(${wanted})`;
  // A page of each, and one more.
  const memberships = sql`WITH ends (client_id, last) AS MATERIALIZED (SELECT value, (SELECT p.conversation_id
      FROM ${members} AS p WHERE p.client_id = value ORDER BY p.conversation_id LIMIT 1 OFFSET ${PAGE})
      FROM json_each(${wanted}))
    SELECT m.client_id AS clientId, m.conversation_id AS id FROM ends
    CROSS JOIN ${members} AS m ON m.client_id = ends.client_id AND (last IS NULL OR m.conversation_id <= last)
    WHERE ends.client_id IN (SELECT client_id FROM ${clients} WHERE since > 0)
    ORDER BY m.client_id, m.conversation_id`;
  const services = sql`SELECT client_id AS clientId, conversation_id AS id, since FROM ${earlySubscriptions}
    WHERE client_id IN (SELECT value FROM json_each(${wanted}))`;
  const queries = [registering, memberships, services].map((query) => statement(db, query));
  const [, found, early] = await db.batch<{ clientId: string; id: string; since: number }>(queries);
  const foundBy = Map.groupBy(found?.results ?? [], ({ clientId }) => clientId);
  const earlyBy = Map.groupBy(early?.results ?? [], ({ clientId }) => clientId);
  return clientIds.map((clientId) => {
    const { conversations, more } = pageOf(foundBy.get(clientId) ?? []);
    const each = earlyBy.get(clientId) ?? [];
    const writers = each.filter(({ since }) => since === WRITTEN_TO).map(({ id }) => id);
    const subscribed = each
      .filter(({ since }) => since !== WRITTEN_TO)
      .map(({ id, since }) => ({ conversationId: id, since }));
    return { conversations: [...writers, ...conversations], more, subscribed };
  });
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
