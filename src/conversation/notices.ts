import { NOTICES_BYTES } from "../bounds.ts";
import type { JsonObject } from "../model/json.ts";
import { utf8Length } from "../protocol/fields.ts";
import { readAsWritten } from "../protocol/written-number.ts";
import type { Sql } from "../sql.ts";

/** How long what happened can be asked for (ms): LeanMessage's pushes live as long (L-17). */
export const NOTICES_KEPT = 7 * 24 * 60 * 60 * 1000;

/** So many of one conversation: an app that changes an attribute every second must not fill the storage. */
const NOTICES_MAX = 1_000;

/** Something that happened in a conversation beside its messages, kept for members who were away (B-08). */
export type Notice =
  | { kind: "joined" | "left"; by: string; members: string[] }
  | { kind: "updated"; by: string; changed: JsonObject; resulting: JsonObject }
  /** For the sender of the message alone. */
  | { kind: "receipt"; to: string; from: string; messageId: string; timestamp: number; read: boolean }
  /** A will was sent: for nobody, it only keeps the same one from being sent twice (I7). */
  | { kind: "will"; messageId: string };

/** A notice as one client is to be told of it. Times are milliseconds. */
export type MissedEvent = { at: number; conversationId: string } & (
  | { kind: "joined" | "left"; by: string }
  | { kind: "membersJoined" | "membersLeft"; by: string; members: string[] }
  | { kind: "updated"; by: string; changed: JsonObject; resulting: JsonObject }
  | { kind: "receipt"; from: string; messageId: string; timestamp: number; read: boolean }
);

/** What happened lately in one conversation, in order: one row each, gone after a week. */
export class Notices {
  readonly #sql: Sql;
  #last: number;
  #count: number;
  #bytes: number;

  constructor(sql: Sql) {
    this.#sql = sql;
    const { last, count, bytes } = sql
      .exec<{ last: number | null; count: number; bytes: number | null }>(
        "SELECT max(at) AS last, count(*) AS count, sum(octet_length(notice)) AS bytes FROM notices",
      )
      .one();
    this.#last = last ?? 0;
    this.#count = count;
    this.#bytes = bytes ?? 0;
  }

  /** Time of the newest, 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Keeps a notice and returns the time it is kept under, which no other has: `wanted` or just after the last. */
  keep(notice: Notice, wanted: number): number {
    const at = Math.max(wanted, this.#last + 1);
    const text = JSON.stringify(notice);
    this.#sql.exec("INSERT INTO notices VALUES (?, ?)", at, text);
    this.#last = at;
    this.#count += 1;
    this.#bytes += utf8Length(text);
    this.#drop("at < ?", at - NOTICES_KEPT);
    if (this.#count > NOTICES_MAX) {
      this.#drop("at IN (SELECT at FROM notices ORDER BY at LIMIT ?)", this.#count - NOTICES_MAX);
    }
    while (this.#bytes > NOTICES_BYTES && this.#count > 1) {
      // Several at a time: the next ones need room too.
      const some = Math.max(Math.floor(this.#count / 10), 1);
      this.#drop("at IN (SELECT at FROM notices ORDER BY at LIMIT ?)", some);
    }
    return at;
  }

  #drop(which: string, binding: number): void {
    const dropped = this.#sql
      .exec<{ bytes: number }>(
        `DELETE FROM notices WHERE ${which} RETURNING octet_length(notice) AS bytes`,
        binding,
      )
      .toArray();
    this.#count -= dropped.length;
    for (const { bytes } of dropped) this.#bytes -= bytes;
  }

  /** Whether everything after a time is still kept. */
  reachesBackTo(time: number): boolean {
    if (this.#count < NOTICES_MAX && this.#bytes < NOTICES_BYTES / 2) return true;
    return this.#sql.exec("SELECT 1 FROM notices WHERE at <= ? LIMIT 1", time).toArray().length > 0;
  }

  /** Who was removed after a time. */
  leftAfter(time: number): string[] {
    const left = this.#after(time).map(({ notice }) => (notice.kind === "left" ? notice.members : []));
    return [...new Set(left.flat())];
  }

  hasWill(messageId: string): boolean {
    return this.#after(0).some(({ notice }) => notice.kind === "will" && notice.messageId === messageId);
  }

  /**
   * What one client missed, oldest first. Who was no member then is told nothing of that time.
   *
   * @param asked `after` and `before` bound the times, both left out; `isMember`: whether the client is one now
   */
  missedBy(
    clientId: string,
    asked: { after: number; before?: number; conversationId: string; isMember: boolean },
  ): MissedEvent[] {
    const { after, before = Number.POSITIVE_INFINITY, conversationId, isMember } = asked;
    if (!this.#hasBetween(after, before)) return [];
    const kept = this.#after(after);
    let belongs = belongedBefore(kept, clientId, isMember);
    const missed: MissedEvent[] = [];
    for (const { at, notice } of kept) {
      if (at >= before) break;
      const place = { at, conversationId };
      switch (notice.kind) {
        case "joined": {
          const { by, members } = notice;
          if (members.includes(clientId)) {
            belongs = true;
            missed.push({ ...place, kind: "joined", by });
          }
          if (belongs) missed.push({ ...place, kind: "membersJoined", by, members });
          break;
        }
        case "left": {
          const { by, members } = notice;
          if (members.includes(clientId)) {
            belongs = false;
            missed.push({ ...place, kind: "left", by });
          } else if (belongs) missed.push({ ...place, kind: "membersLeft", by, members });
          break;
        }
        case "updated":
          if (belongs) missed.push({ ...place, ...notice });
          break;
        case "receipt": {
          const { to, ...receipt } = notice;
          if (to === clientId) missed.push({ ...place, ...receipt });
        }
      }
    }
    return missed;
  }

  #hasBetween(after: number, before: number): boolean {
    const rows = this.#sql
      .exec<{ at: number }>("SELECT min(at) AS at FROM notices WHERE at > ?", after)
      .one();
    return rows.at !== null && rows.at < before;
  }

  #after(at: number): { at: number; notice: Notice }[] {
    return this.#sql
      .exec<{ at: number; notice: string }>("SELECT at, notice FROM notices WHERE at > ? ORDER BY at", at)
      .toArray()
      .map((row) => ({ at: row.at, notice: readAsWritten(row.notice) }));
  }
}

/** Whether a client was a member when the first of these notices came: the first that names him tells. */
function belongedBefore(kept: { notice: Notice }[], clientId: string, isMember: boolean): boolean {
  for (const { notice } of kept) {
    if ((notice.kind === "joined" || notice.kind === "left") && notice.members.includes(clientId)) {
      return notice.kind === "left";
    }
  }
  return isMember;
}

export interface MissedNotices {
  notifications: MissedEvent[];
  /** Whether the answer is complete: no notice of that time was dropped. */
  complete: boolean;
}
