import { and, desc, eq, ne, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { JsonObject } from "../model/json.ts";
import type { ProviderName } from "../model/provider-name.ts";
import { notifications } from "./schema.ts";
import { statement } from "./statement.ts";

/** `done` once every device was found and handed on; `failed` where nobody will be pushed to, and why is the last error. */
export type NotificationStatus = "scheduled" | "in-queue" | "done" | "failed";

/** A notification as it was asked for. Times are milliseconds. */
export interface NewNotification {
  id: string;
  status: "scheduled" | "in-queue";
  /** What was to be pushed, as it was sent. */
  data: JsonObject;
  /** Conditions on installations; undefined where there are none, or too many to show. */
  where: JsonObject | undefined;
  environment: "dev" | "prod";
  pushAt: number;
  expiresAt: number;
  createdAt: number;
}

/** The same, and what became of it (N-11). */
export interface NotificationRecord extends Omit<NewNotification, "status"> {
  status: NotificationStatus;
  /** Installations it was for. */
  devices: number;
  /** Taken by a provider, in all and by provider. */
  successes: number;
  providers: Partial<Record<ProviderName, number>>;
  /** Of devices that are no more. */
  invalidTokens: number;
  errors: number;
  lastError: string | undefined;
}

/** What is to be added to a record. */
export interface Counts {
  devices?: number;
  /** Taken, by provider. */
  sent?: Partial<Record<ProviderName, number>>;
  gone?: number;
  failed?: number;
  lastError?: string | undefined;
}

/** Records deleted by one statement: D1 gives it 30 seconds. */
const DELETED_AT_ONCE = 5_000;

/*
 * Every call has its deadline from who makes it; D1 failing throws.
 */

/**
 * Adds a record. One that is there under this id is joined: it keeps what it says and has counted, and lives as long
 * as the last of those that share it (N-06).
 */
export async function addNotification(db: D1Database, notification: NewNotification): Promise<void> {
  const nothingYet = { devices: 0, successes: 0, providers: {}, invalidTokens: 0, errors: 0 };
  await drizzle(db)
    .insert(notifications)
    .values({ ...notification, ...nothingYet })
    .onConflictDoUpdate({
      target: notifications.id,
      set: {
        status: sql`excluded.status`,
        pushAt: sql`max(${notifications.pushAt}, excluded.push_at)`,
        expiresAt: sql`max(${notifications.expiresAt}, excluded.expires_at)`,
      },
    });
}

export async function readNotification(db: D1Database, id: string): Promise<NotificationRecord | undefined> {
  const row = await drizzle(db).select().from(notifications).where(eq(notifications.id, id)).get();
  return row && recordIn(row);
}

/** A page of records, newest first. */
export async function listNotifications(
  db: D1Database,
  { limit, skip }: { limit: number; skip: number },
): Promise<NotificationRecord[]> {
  const rows = await drizzle(db)
    .select()
    .from(notifications)
    .orderBy(desc(notifications.createdAt), desc(notifications.id))
    .limit(limit)
    .offset(skip);
  return rows.map(recordIn);
}

/** Forgets a record; none is no matter. */
export async function removeNotification(db: D1Database, id: string): Promise<void> {
  await drizzle(db).delete(notifications).where(eq(notifications.id, id));
}

/** Forgets a record whose notification was taken back before its time, unless it counted others under its id. */
export async function removeUnsentNotification(db: D1Database, id: string): Promise<void> {
  const unsent = and(eq(notifications.status, "scheduled"), eq(notifications.devices, 0));
  await drizzle(db)
    .delete(notifications)
    .where(and(eq(notifications.id, id), unsent));
}

/**
 * Adds numbers to a record; at the same time, all of them count. It makes no record: what was deleted stays so, and
 * a push that a message caused has none (P-14).
 */
export async function counted(db: D1Database, id: string, counts: Counts): Promise<void> {
  const { devices = 0, sent = {}, gone = 0, failed = 0, lastError = null } = counts;
  const successes = Object.values(sent).reduce((sum, count) => sum + count, 0);
  const { providers } = notifications;
  await drizzle(db)
    .update(notifications)
    .set({
      devices: sql`${notifications.devices} + ${devices}`,
      successes: sql`${notifications.successes} + ${successes}`,
      providers: sql`json_patch(${providers}, (
        SELECT json_group_object(sent.key, sent.value + coalesce(${providers} ->> sent.key, 0))
        FROM json_each(${JSON.stringify(sent)}) AS sent))`,
      invalidTokens: sql`${notifications.invalidTokens} + ${gone}`,
      errors: sql`${notifications.errors} + ${failed}`,
      lastError: sql`coalesce(${lastError}, ${notifications.lastError})`,
    })
    .where(eq(notifications.id, id));
}

/** Says how a notification stands, and with `failed` why; none under this id is no matter. */
export async function settleNotification(
  db: D1Database,
  id: string,
  state: { status: "in-queue" | "done" } | { status: "failed"; why: string },
): Promise<void> {
  const { status } = state;
  await drizzle(db)
    .update(notifications)
    .set(status === "failed" ? { status, lastError: state.why } : { status })
    // What stands so already is not written again.
    .where(and(eq(notifications.id, id), status === "failed" ? undefined : ne(notifications.status, status)));
}

/** Forgets records made before a time (ms), but none whose push is not that old yet (N-11). */
export async function dropNotificationsBefore(db: D1Database, at: number): Promise<void> {
  const some = sql`SELECT ${notifications.id} FROM ${notifications}
    WHERE ${notifications.createdAt} < ${at} AND ${notifications.pushAt} < ${at} LIMIT ${DELETED_AT_ONCE}`;
  const deletion = sql`DELETE FROM ${notifications} WHERE ${notifications.id} IN (${some})`;
  let deleted: number;
  do {
    deleted = (await statement(db, deletion).run()).meta.changes;
  } while (deleted === DELETED_AT_ONCE);
}

function recordIn(row: typeof notifications.$inferSelect): NotificationRecord {
  return { ...row, where: row.where ?? undefined, lastError: row.lastError ?? undefined };
}
