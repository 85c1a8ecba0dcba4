import { and, desc, eq, ne, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { JsonObject } from "../model/json.ts";
import type { ProviderName } from "../model/provider-name.ts";
import { notifications } from "./schema/push.ts";
import { statement } from "./statement.ts";

/**
 * `done` once every device was found and queued; `failed` if no device receives it, with the reason as the last error.
 */
export type NotificationStatus = "scheduled" | "in-queue" | "done" | "failed";

/** A requested notification. Times are milliseconds. */
export interface NewNotification {
  id: string;
  status: "scheduled" | "in-queue";
  /** The content as it was sent. */
  data: JsonObject;
  /** Conditions on installations; undefined if there are none, or too many to show. */
  where: JsonObject | undefined;
  environment: "dev" | "prod";
  pushAt: number;
  expiresAt: number;
  createdAt: number;
}

/** A notification and its results (N-11). */
export interface NotificationRecord extends Omit<NewNotification, "status"> {
  status: NotificationStatus;
  /** Installations that were found for the notification so far. */
  devices: number;
  /** Devices for which a provider accepted the push. */
  successes: number;
  /** The same number for each provider. */
  providers: Partial<Record<ProviderName, number>>;
  /** Devices that no longer exist. */
  invalidTokens: number;
  /** Devices for which the push failed or was given up. */
  errors: number;
  lastError: string | undefined;
}

/** Numbers to add to a record. */
export interface NotificationCounts {
  devices?: number;
  /** Accepted, by provider. */
  sent?: Partial<Record<ProviderName, number>>;
  gone?: number;
  failed?: number;
  lastError?: string | undefined;
}

/** Records deleted by one statement: D1 gives it 30 seconds. */
const DELETED_AT_ONCE = 5_000;

/* The caller sets a deadline for every call. A call throws if D1 fails. */

/**
 * Adds a record. A record with this id is shared: it keeps its counts, and lives as long as the last of its
 * notifications (N-06).
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

/** Removes a record. A missing record is ignored. */
export async function removeNotification(db: D1Database, id: string): Promise<void> {
  await drizzle(db).delete(notifications).where(eq(notifications.id, id));
}

/**
 * Removes the record of a notification that was cancelled before its time, unless the record counts others with its id.
 */
export async function removeUnsentNotification(db: D1Database, id: string): Promise<void> {
  const unsent = and(eq(notifications.status, "scheduled"), eq(notifications.devices, 0));
  await drizzle(db)
    .delete(notifications)
    .where(and(eq(notifications.id, id), unsent));
}

/**
 * Adds numbers to a record. Concurrent additions all count. It creates no record: a deleted record stays deleted, and a
 * push for a message has none (P-14).
 */
export async function addCounts(db: D1Database, id: string, counts: NotificationCounts): Promise<void> {
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

/** Sets a notification's status, and the reason if it failed. A missing record is ignored. */
export async function settleNotification(
  db: D1Database,
  id: string,
  state: { status: "in-queue" | "done" } | { status: "failed"; why: string },
): Promise<void> {
  const { status } = state;
  await drizzle(db)
    .update(notifications)
    .set(status === "failed" ? { status, lastError: state.why } : { status })
    // An unchanged status is not written again.
    .where(and(eq(notifications.id, id), status === "failed" ? undefined : ne(notifications.status, status)));
}

/** Removes records from before a time (ms), unless their push is newer (N-11). */
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
