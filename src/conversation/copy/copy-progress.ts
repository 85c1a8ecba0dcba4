import type { ArchiveProgress } from "../../database/messages/archive-progress.ts";
import type { MessageRecord } from "../../model/records.ts";
import type { Sql } from "../../sql.ts";

/** How far (ms of the log) the stored `archived_at` may lag behind before it is written again. */
const ARCHIVED_STEP = 60 * 60 * 1000;

/** How far D1's copy of a conversation is, as far as D1 has reported it. */
export class CopyProgress {
  readonly #sql: Sql;
  #indexedAt: number;
  #archivedAt: number;
  /** The value of `#archivedAt` in storage, where it is not always written. */
  #archivedSaved: number;
  #behindSince: number | undefined;

  constructor(sql: Sql, stored: { indexedAt: number; archivedAt: number; behindSince: number | undefined }) {
    this.#sql = sql;
    this.#indexedAt = stored.indexedAt;
    this.#archivedAt = stored.archivedAt;
    this.#archivedSaved = stored.archivedAt;
    this.#behindSince = stored.behindSince;
  }

  /** `updatedAt` of the newest snapshot D1 is known to have. */
  get indexedAt(): number {
    return this.#indexedAt;
  }

  setIndexed(updatedAt: number): void {
    if (updatedAt <= this.#indexedAt) return;
    this.#indexedAt = updatedAt;
    this.#archivedSaved = this.#archivedAt;
    this.#sql.exec("UPDATE conversation SET indexed_at = ?, archived_at = ?", updatedAt, this.#archivedAt);
  }

  /** D1 turned out not to have the conversation: everything is copied again. */
  lost(): void {
    this.#indexedAt = 0;
    this.#archivedAt = 0;
    this.#archivedSaved = 0;
    this.#sql.exec("UPDATE conversation SET indexed_at = 0, archived_at = 0");
  }

  /** D1 has reported that it has every entry of the log up to this time (ms), and that its row says so. */
  get archivedAt(): number {
    return this.#archivedAt;
  }

  /** Kept in memory; after a crash the rest is copied again. */
  setArchived(upTo: number): void {
    this.#archivedAt = Math.max(this.#archivedAt, upTo);
  }

  /**
   * Whether D1 may lack something although no alarm is set: the log has grown a lot since `archived_at` was stored.
   * That is the case in storage of an earlier version, or if an alarm was lost.
   *
   * @param end time of the log's newest entry (ms)
   */
  isUncertain(end: number): boolean {
    return end > this.#archivedSaved + ARCHIVED_STEP;
  }

  /** Stores once in a while how far D1 is. */
  saveArchived(): void {
    if (this.#archivedAt <= this.#archivedSaved + ARCHIVED_STEP) return;
    this.#archivedSaved = this.#archivedAt;
    this.#sql.exec("UPDATE conversation SET archived_at = ?", this.#archivedAt);
  }

  /** D1 may lack messages after this time (ms), for longer than is normal; undefined while D1 keeps up. */
  get behindSince(): number | undefined {
    return this.#behindSince;
  }

  /** Stores that D1 is behind before the app is notified, so that the app is also notified of the end of it. */
  setBehind(since: number): void {
    this.#behindSince = since;
    this.#sql.exec("UPDATE conversation SET behind_since = ?", since);
  }

  setCaughtUp(): void {
    this.#behindSince = undefined;
    this.#sql.exec("UPDATE conversation SET behind_since = NULL");
  }
}

/** Whether a copy lacks any of these messages by its own report. */
export function isShortOf(
  { timestamp, patchedAt }: ArchiveProgress,
  messages: readonly MessageRecord[],
): boolean {
  return messages.some((message) => message.timestamp > timestamp || (message.patchedAt ?? 0) > patchedAt);
}
