import { and, asc, eq, gt, gte, inArray, lt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { afterPrefix } from "../compare-texts.ts";
import { textList } from "./installations/device-clients.ts";
import { clients, members } from "./schema/conversations.ts";
import { deviceClients, installationChannels } from "./schema/push.ts";

/** A client that has logged in. */
export interface KnownClient {
  clientId: string;
  /** When it first did (ms); undefined if that was before it was kept. */
  firstLoginAt: number | undefined;
}

const knownIn = ({ clientId, since }: typeof clients.$inferSelect): KnownClient => ({
  clientId,
  firstLoginAt: since === 0 ? undefined : since,
});

/** A page of the clients that ever logged in and whose ids begin so, in the order of their ids. Throws if D1 fails. */
export async function knownClientsFrom(
  db: D1Database,
  { prefix, after, limit }: { prefix: string; after: string; limit: number },
): Promise<KnownClient[]> {
  const { clientId } = clients;
  const found = await drizzle(db)
    .select()
    .from(clients)
    .where(and(gt(clientId, after), gte(clientId, prefix), lt(clientId, afterPrefix(prefix))))
    .orderBy(asc(clientId))
    .limit(limit);
  return found.map(knownIn);
}

/** Those of some clients that ever logged in. Throws if D1 fails. */
export async function knownClientsOf(db: D1Database, clientIds: readonly string[]): Promise<KnownClient[]> {
  const found = await drizzle(db)
    .select()
    .from(clients)
    .where(inArray(clients.clientId, textList(clientIds)));
  return found.map(knownIn);
}

/** Whether anything names a client that never logged in: a conversation as its member, or a device. Throws if D1 fails. */
export async function isNamedAnywhere(db: D1Database, clientId: string): Promise<boolean> {
  const d1 = drizzle(db);
  const found = await d1.batch([
    d1.select({ id: members.clientId }).from(members).where(eq(members.clientId, clientId)).limit(1),
    d1
      .select({ id: deviceClients.clientId })
      .from(deviceClients)
      .where(eq(deviceClients.clientId, clientId))
      .limit(1),
    d1
      .select({ id: installationChannels.channel })
      .from(installationChannels)
      .where(eq(installationChannels.channel, clientId))
      .limit(1),
  ]);
  return found.some((rows) => rows.length > 0);
}

/** In how many conversations a client is a member, up to a number. Throws if D1 fails. */
export async function countMemberships(db: D1Database, clientId: string, most: number): Promise<number> {
  const found = await drizzle(db)
    .select({ id: members.conversationId })
    .from(members)
    .where(eq(members.clientId, clientId))
    .limit(most);
  return found.length;
}
