import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { world } from "./world.ts";

/** How many objects of clients and of conversations there are by now, awake or not. */
export async function objects(): Promise<{ clients: number; conversations: number }> {
  const [clients, conversations] = await Promise.all([
    listDurableObjectIds(world.CLIENTS),
    listDurableObjectIds(world.CONVERSATIONS),
  ]);
  return { clients: clients.length, conversations: conversations.length };
}

/** Conversations that a client's inbox names. */
export function inboxOf(clientId: string): Promise<unknown[]> {
  return runInDurableObject(world.CLIENTS.getByName(clientId), (_, { storage }) => {
    const [made] = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'inbox'").toArray();
    return made === undefined ? [] : storage.sql.exec("SELECT * FROM inbox").toArray();
  });
}
