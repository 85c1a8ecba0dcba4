import type { JsonObject } from "../model/json.ts";
import { readAsWritten } from "../protocol/written-number.ts";
import type { Sql } from "../sql.ts";
import type { PushTables } from "./push-tables.ts";
import type { NotificationPush } from "./push-work.ts";

/** An accepted notification with the conditions of its devices. Times are milliseconds. */
export interface ScheduledNotification {
  push: NotificationPush;
  /** Conditions on installations. */
  where: JsonObject;
  /** When it is to be sent. */
  at: number;
  createdAt: number;
}

/** The response to the request of a notification. */
export interface AcceptedNotification {
  notificationId: string;
  createdAt: number;
}

/** A notification with its number in the schedule. */
export interface NumberedNotification extends ScheduledNotification {
  number: number;
}

/** Notifications that may wait for their time (N-12). */
const WAITING_MAX = 1_000;
/** How long a request's id is remembered (N-06), in milliseconds. */
const REQUEST_KNOWN = 5 * 60_000;
/** Notifications queued at once: a queue's limit. */
const HANDED_ON_AT_ONCE = 100;

type Row = { number: number; notification: string };

/**
 * Notifications on their way to the queue, and the ids of recent requests. A notification is kept until all its devices
 * have been found. The selection reads it here for every page, and ends if it was cancelled.
 */
export class Schedule {
  readonly #sql: Sql;

  constructor(tables: PushTables) {
    tables.create("notifications", "requests");
    this.#sql = tables.sql;
  }

  /** The response to this request in the last five minutes; undefined if it is new. */
  acceptedBefore(requestId: string, now: number): AcceptedNotification | undefined {
    const [row] = this.#sql
      .exec<{ notificationId: string; createdAt: number }>(
        "SELECT notification_id AS notificationId, created_at AS createdAt FROM requests " +
          "WHERE id = ? AND created_at > ?",
        requestId,
        now - REQUEST_KNOWN,
      )
      .toArray();
    return row;
  }

  /**
   * Accepts a notification, in one step with the id of its request. A known request changes nothing and has its first
   * response. `full` if too many wait already (N-12).
   */
  accept(
    notification: ScheduledNotification,
    requestId: string | undefined,
    now: number,
  ): AcceptedNotification | "full" {
    const before = requestId === undefined ? undefined : this.acceptedBefore(requestId, now);
    if (before !== undefined) return before;
    const { push, at, createdAt } = notification;
    if (at > now && this.#countWaiting(now) >= WAITING_MAX) return "full";
    const { notificationId } = push.cause;
    this.#sql.exec(
      "INSERT INTO notifications (state, at, expires_at, id, notification) VALUES ('waiting', ?, ?, ?, ?)",
      at,
      push.expiresAt,
      notificationId,
      JSON.stringify(notification),
    );
    if (requestId !== undefined) {
      // Also removes an expired row of this id.
      this.#sql.exec("DELETE FROM requests WHERE created_at <= ?", now - REQUEST_KNOWN);
      this.#sql.exec("INSERT INTO requests VALUES (?, ?, ?)", requestId, notificationId, createdAt);
    }
    return { notificationId, createdAt };
  }

  /** The scheduled notifications, the next one first. */
  waiting(now: number): NumberedNotification[] {
    return this.#sql
      .exec<Row>(
        "SELECT number, notification FROM notifications WHERE state = 'waiting' AND at > ? ORDER BY at, number",
        now,
      )
      .toArray()
      .map(notificationIn);
  }

  /** The notification with a number; undefined after all its devices were found, or it was cancelled. */
  read(number: number): NumberedNotification | undefined {
    const [row] = this.#sql
      .exec<Row>("SELECT number, notification FROM notifications WHERE number = ?", number)
      .toArray();
    return row && notificationIn(row);
  }

  /** Removes a notification after all its devices were found, or it was cancelled. */
  remove(number: number): void {
    this.#sql.exec("DELETE FROM notifications WHERE number = ?", number);
  }

  /** Removes by id; several notifications may share one (N-06). */
  removeAll(notificationId: string): void {
    this.#sql.exec("DELETE FROM notifications WHERE id = ?", notificationId);
  }

  /** Removes notifications that expired before they could be queued, or all their devices found. */
  removeExpired(now: number): void {
    this.#sql.exec("DELETE FROM notifications WHERE expires_at <= ? AND at <= ?", now, now);
  }

  /** The numbers of due notifications, oldest first, as many as a queue accepts at once. */
  due(now: number): number[] {
    return this.#sql
      .exec<{ number: number }>(
        "SELECT number FROM notifications WHERE state = 'waiting' AND at <= ? ORDER BY at, number LIMIT ?",
        now,
        HANDED_ON_AT_ONCE,
      )
      .toArray()
      .map(({ number }) => number);
  }

  /** Marks notifications as queued. */
  markQueued(numbers: readonly number[]): void {
    for (const number of numbers) {
      this.#sql.exec("UPDATE notifications SET state = 'sending' WHERE number = ?", number);
    }
  }

  /** The time of the next notification (ms); undefined if none waits. */
  get nextAt(): number | undefined {
    return (
      this.#sql
        .exec<{ next: number | null }>("SELECT min(at) AS next FROM notifications WHERE state = 'waiting'")
        .one().next ?? undefined
    );
  }

  #countWaiting(now: number): number {
    return this.#sql
      .exec<{ count: number }>(
        "SELECT count(*) AS count FROM notifications WHERE state = 'waiting' AND at > ?",
        now,
      )
      .one().count;
  }
}

function notificationIn({ number, notification }: Row): NumberedNotification {
  const parsed: ScheduledNotification = readAsWritten(notification);
  return { number, ...parsed };
}
