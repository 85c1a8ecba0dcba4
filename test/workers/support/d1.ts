import { runDurableObjectAlarm } from "cloudflare:test";
import { expect, vi } from "vitest";
import { maybeHibernate, world } from "./world.ts";

/** D1 as conversations copy to it, and as it fails. */

export const TABLES = [
  "messages",
  "conversations",
  "members",
  "clients",
  "bans",
  "events",
  "notifications",
  "files",
] as const;
type Table = (typeof TABLES)[number];
let broken: Table[] = [];

/** From now on every statement that names this table fails, until `repair`. */
export async function breakTable(table: Table): Promise<void> {
  await world.DB.exec(`ALTER TABLE ${table} RENAME TO ${table}_away`);
  broken.push(table);
}

export async function repair(): Promise<void> {
  for (const table of broken.splice(0)) await world.DB.exec(`ALTER TABLE ${table}_away RENAME TO ${table}`);
  broken = [];
}

/** Lets the conversation do what it put off, at once. */
export async function work(conversationId: string): Promise<void> {
  await runDurableObjectAlarm(world.CONVERSATIONS.getByName(conversationId));
  await maybeHibernate();
}

interface Row {
  timestamp: number;
  id: string;
  sender: string;
  content: string | null;
}

export async function archived(conversationId: string): Promise<Row[]> {
  const statement = world.DB.prepare("SELECT * FROM messages WHERE conversation_id = ? ORDER BY timestamp");
  return (await statement.bind(conversationId).all<Row>()).results;
}

/** Waits until D1 has these texts of a conversation, and no others. */
export async function archivedAs(conversationId: string, texts: (string | null)[]): Promise<void> {
  await vi.waitFor(
    async () => {
      await work(conversationId);
      expect((await archived(conversationId)).map(({ content }) => content)).toEqual(texts);
    },
    { timeout: 10_000 },
  );
}
