import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import * as v from "valibot";
import { settings as table } from "../schema/app.ts";

/** The row of `settings` that has it. */
const ROW = "retention";

const schema = v.object({
  /** When the last run ended (ms). */
  ranAt: v.nullable(v.number()),
  /** The conversation at which the next run goes on; empty for the first. */
  after: v.string(),
  /** Whether the last run left something for the next one. */
  isBehind: v.boolean(),
  /** What was deleted since ever: messages of conversations' logs, messages of D1, conversations. */
  messages: v.number(),
  archived: v.number(),
  conversations: v.number(),
});

/** How far retention's daily job is, and what it has deleted. */
export type RetentionProgress = v.InferOutput<typeof schema>;

const NONE: RetentionProgress = {
  ranAt: null,
  after: "",
  isBehind: false,
  messages: 0,
  archived: 0,
  conversations: 0,
};

/** Fails if D1 fails. */
export async function retentionProgress(db: D1Database): Promise<RetentionProgress> {
  const [row] = await drizzle(db).select({ value: table.value }).from(table).where(eq(table.key, ROW));
  const parsed = v.safeParse(schema, row?.value);
  return parsed.success ? parsed.output : NONE;
}

/** Fails if D1 fails. */
export async function saveRetentionProgress(db: D1Database, value: RetentionProgress): Promise<void> {
  await drizzle(db)
    .insert(table)
    .values({ key: ROW, value })
    .onConflictDoUpdate({ target: table.key, set: { value } });
}
