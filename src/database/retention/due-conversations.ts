import { and, asc, gt, lte, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { conversations } from "../schema/conversations.ts";
import { statement } from "../statement.ts";

/** Conversations that one statement looks at. */
const SLICE = 2_000;

/** The bounds of the owner's settings (ms, 0 for none). */
interface Bounds {
  keptFrom: number;
  idleBefore: number;
}

/** A part of the conversations, in the order of their ids. */
export interface DuePage {
  /** Those that are idle, or may have messages to delete. */
  due: string[];
  /** The last one that was looked at; undefined if there are no more. */
  last: string | undefined;
}

/**
 * The conversations after one of them, as far as D1 knows, that retention has something to do for. Their objects decide.
 * Fails if D1 fails.
 *
 * @param held conversations on hold, which have nothing to do
 */
export async function dueConversations(
  db: D1Database,
  after: string,
  bounds: Bounds,
  held: readonly string[],
): Promise<DuePage> {
  const following = gt(conversations.id, after);
  const end = await statement(
    db,
    sql`SELECT id FROM ${conversations} WHERE ${following} ORDER BY id LIMIT 1 OFFSET ${SLICE - 1}`,
  ).first<{ id: string }>();
  const within = and(following, end === null ? undefined : lte(conversations.id, end.id));
  const notHeld = sql`${conversations.id} NOT IN (SELECT value FROM json_each(${JSON.stringify(held)}))`;
  const found = await drizzle(db)
    .select({ id: conversations.id })
    .from(conversations)
    .where(and(within, sql`(${isIdle(bounds)} OR ${hasOld(bounds)})`, notHeld))
    .orderBy(asc(conversations.id));
  return { due: found.map(({ id }) => id), last: end?.id };
}

const isIdle = ({ idleBefore }: Bounds): SQL =>
  sql`(${conversations.kind} IN ('normal', 'room') AND ${conversations.updatedAt} < ${idleBefore}
    AND coalesce(${conversations.lastMessageAt}, ${conversations.createdAt}) < ${idleBefore})`;

/** Its last message may be old too: its row stays, and counts as cleared. */
const hasOld = ({ keptFrom }: Bounds): SQL =>
  sql`(coalesce(${conversations.clearedTo}, ${conversations.createdAt}) < ${keptFrom}
    AND ${conversations.lastMessageAt} >= coalesce(${conversations.clearedTo}, 0))`;

/** Notes that the logs of conversations have no messages before a time (ms), each its own. Fails if D1 fails. */
export async function saveCleared(
  db: D1Database,
  cleared: readonly { id: string; to: number }[],
): Promise<void> {
  if (cleared.length === 0) return;
  const rows = JSON.stringify(cleared.map(({ id, to }) => [id, to]));
  await statement(
    db,
    sql`UPDATE ${conversations} SET cleared_to = value->>1 FROM json_each(${rows}) WHERE ${conversations.id} = value->>0`,
  ).run();
}
