import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { settings as table } from "../database/schema/app.ts";
import { WATCHED } from "../database/stored-settings.ts";
import { MINUTE } from "./counts.ts";
import { type MeterEnv, watchedUntil } from "./meter-of.ts";

/** How long a mark holds. Nobody watches longer at a time than it holds when it is not renewed. */
const MARKED = 20 * MINUTE;
const RENEWED = 10 * MINUTE;

/**
 * Lets all isolates know that somebody watches for the next ten minutes: this one at once, the others when they read
 * the settings. Writes a row at most every ten minutes. Fails if D1 fails.
 */
export async function markWatched(env: MeterEnv, now: number): Promise<void> {
  const db = drizzle(env.DB);
  const [row] = await db.select({ value: table.value }).from(table).where(eq(table.key, WATCHED));
  const known = typeof row?.value === "number" ? row.value : 0;
  // One that lies further ahead is of a clock that was set back.
  const isEnough = known >= now + RENEWED && known <= now + MARKED;
  const until = isEnough ? known : now + MARKED;
  watchedUntil(env.DB, until);
  if (isEnough) return;
  await db
    .insert(table)
    .values({ key: WATCHED, value: until })
    .onConflictDoUpdate({ target: table.key, set: { value: until } });
}
