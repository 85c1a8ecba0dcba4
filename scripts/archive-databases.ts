import { adoptGenerations } from "../src/database/messages/adoption.ts";
import { generationsIn } from "../src/database/messages/generations.ts";
import type { Database } from "./migrations.ts";
import { Refusal, type StartOptions } from "./options.ts";

/* On this machine the databases of `ARCHIVE` need no other names. Each is a file beside that of `DB`. */

type Variables = Pick<StartOptions["variables"], "ARCHIVE">;

/** The databases of messages besides `DB`, for Miniflare. */
export function archiveDatabases({ ARCHIVE }: Variables): Record<string, { id: string }> {
  const names = new Set(generationsIn(ARCHIVE).flatMap(({ databases }) => databases));
  names.delete("DB");
  return Object.fromEntries([...names].map((name) => [name, { id: `parley-archive-${name}` }]));
}

/**
 * Makes the list the one that messages are written by. Throws a `Refusal` if some of them would not be found by it:
 * they would seem to be gone, and new ones be written where nobody looks once the list is right again.
 *
 * @param databases all of them by name, with their tables
 */
export async function adoptArchive(databases: Map<string, Database>, { ARCHIVE }: Variables): Promise<void> {
  const index = databases.get("DB");
  if (index === undefined) throw new Error("no database DB");
  const problem = await adoptGenerations(index, generationsIn(ARCHIVE), (name) => databases.get(name));
  if (problem !== undefined)
    throw new Refusal(`Not started: ARCHIVE does not fit the data (docs/running.md): ${problem}.`, 1);
}
