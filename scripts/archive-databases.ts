import { changeProblem, generationsIn } from "../src/database/messages/generations.ts";
import type { Database } from "./migrations.ts";
import { Refusal, type StartOptions } from "./options.ts";

/* On this machine the databases of `ARCHIVE` need no other names. Each is a file beside that of `DB`. */

type Variables = Pick<StartOptions["variables"], "ARCHIVE">;

/** Where D1 keeps the list that it was last started with. */
const KEY = "archive";

/** The databases of messages besides `DB`, for Miniflare. */
export function archiveDatabases({ ARCHIVE }: Variables): Record<string, { id: string }> {
  const names = new Set(generationsIn(ARCHIVE).flatMap(({ databases }) => databases));
  names.delete("DB");
  return Object.fromEntries([...names].map((name) => [name, { id: `parley-archive-${name}` }]));
}

/**
 * Stores which databases there are. Throws a `Refusal` if there were others: messages would seem to be gone, and be
 * written where nobody looks for them once the list is right again.
 */
export async function adoptArchive(index: Database, { ARCHIVE }: Variables): Promise<void> {
  const stored = await storedArchive(index);
  if (stored === undefined && ARCHIVE === undefined) return;
  const generations = generationsIn(ARCHIVE);
  const problem = changeProblem(generationsIn(stored), generations, Date.now());
  // Without conversations there are no messages.
  if (problem !== undefined && (await hasConversations(index)))
    throw new Refusal(`Not started: ARCHIVE does not fit the data (docs/running.md): ${problem}.`, 1);
  const text = JSON.stringify(generations);
  if (text === stored) return;
  const upsert =
    "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
  await index.batch([index.prepare(upsert).bind(KEY, text)]);
}

async function storedArchive(index: Database): Promise<string | undefined> {
  const query = index.prepare("SELECT value FROM settings WHERE key = ?").bind(KEY);
  return (await query.all<{ value: string }>()).results[0]?.value;
}

async function hasConversations(index: Database): Promise<boolean> {
  return (await index.prepare("SELECT 1 FROM conversations LIMIT 1").all<unknown>()).results.length > 0;
}
