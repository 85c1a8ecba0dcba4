import { applyD1Migrations } from "cloudflare:test";
import { Archive } from "../../../src/database/messages/archive.ts";
import { type Generation, generationsIn } from "../../../src/database/messages/generations.ts";
import { world } from "./world.ts";

/** An archive of up to three databases: first one, then two, then all. */

export const FROM_TWO = 1_000;
export const FROM_THREE = 2_000;
export const GENERATIONS: readonly Generation[] = generationsIn([
  { since: 0, databases: ["DB"] },
  { since: FROM_TWO, databases: ["DB_1", "DB_2"] },
  { since: FROM_THREE, databases: ["DB", "DB_1", "DB_2"] },
]);

const byName: Record<string, D1Database> = { DB: world.DB, DB_1: world.DB_1, DB_2: world.DB_2 };

/** @param replaced databases that stand in for others, by name */
export function severalDatabases(replaced: Record<string, D1Database> = {}): Archive {
  const find = (name: string) => {
    const found = replaced[name] ?? byName[name];
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  };
  return Archive.of(find("DB"), GENERATIONS, find);
}

/** Gives the further databases their tables; `DB` has them. */
export async function prepareDatabases(): Promise<void> {
  for (const db of [world.DB_1, world.DB_2]) await applyD1Migrations(db, world.TEST_MIGRATIONS);
}

/** A database that fails whatever it is asked. */
export function brokenDatabase(): D1Database {
  return new Proxy(world.DB_1, {
    get: () => () => {
      throw new Error("this database is down");
    },
  });
}
