import { Buffer } from "node:buffer";
import { NOTICES_BYTES } from "../bounds.ts";
import type { JsonObject } from "../model/json.ts";
import type { MemberRole } from "../model/records.ts";
import type { ListChange } from "../protocol/permission-events.ts";
import { readAsWritten } from "../protocol/written-number.ts";
import type { Sql } from "../sql.ts";

/** How long notices can be asked for (ms): as long as LeanMessage keeps them (L-17). */
export const NOTICES_KEPT = 7 * 24 * 60 * 60 * 1000;

/** Notices kept per conversation: an app that changes an attribute every second must not fill the storage. */
const NOTICES_MAX = 1_000;

/** A change in a conversation other than a message, kept for members that were away (B-08). */
export type Notice =
  | { kind: "joined" | "left"; by: string; members: string[] }
  | { kind: "updated"; by: string; changed: JsonObject; resulting: JsonObject }
  | { kind: "role"; by: string; member: string; role: MemberRole; infoId: string }
  | { kind: ListChange; by: string; members: string[] }
  /** For the sender of the message alone. */
  | { kind: "receipt"; to: string; from: string; messageId: string; timestamp: number; read: boolean }
  /** A will was sent: for no client, it only prevents sending the same one twice (I7). */
  | { kind: "will"; messageId: string };

/** A notice as one client gets it. Times are milliseconds. */
export type MissedEvent = { at: number; conversationId: string } & (
  | { kind: "joined" | "left"; by: string }
  | { kind: "membersJoined" | "membersLeft"; by: string; members: string[] }
  | { kind: "updated"; by: string; changed: JsonObject; resulting: JsonObject }
  | { kind: "role"; by: string; member: string; role: MemberRole; infoId: string }
  /** `listed`: for a client that the change is about; `membersListed`: for the members. */
  | { kind: "listed"; change: ListChange; by: string }
  | { kind: "membersListed"; change: ListChange; by: string; members: string[] }
  | { kind: "receipt"; from: string; messageId: string; timestamp: number; read: boolean }
);

/** The notices that one client missed in a conversation. */
export interface MissedNotices {
  events: MissedEvent[];
  /** Whether the answer is complete: no notice of that time was dropped. */
  complete: boolean;
}

/** The recent notices of one conversation, in order: one row each, deleted after a week. */
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

  /** Time of the newest notice, 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Stores a notice and returns its unique time: `earliest`, or just after the last one. */
  keep(notice: Notice, earliest: number): number {
    const at = Math.max(earliest, this.#last + 1);
    const text = JSON.stringify(notice);
    this.#sql.exec("INSERT INTO notices VALUES (?, ?)", at, text);
    this.#last = at;
    this.#count += 1;
    this.#bytes += Buffer.byteLength(text);
    this.#drop("at < ?", at - NOTICES_KEPT);
    if (this.#count > NOTICES_MAX) {
      this.#drop("at IN (SELECT at FROM notices ORDER BY at LIMIT ?)", this.#count - NOTICES_MAX);
    }
    while (this.#bytes > NOTICES_BYTES && this.#count > 1) {
      // Several at a time, to make room for the next ones too.
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

  /** Whether every notice after a time is still kept. */
  reachesBackTo(time: number): boolean {
    if (this.#count < NOTICES_MAX && this.#bytes < NOTICES_BYTES / 2) return true;
    return this.#sql.exec("SELECT 1 FROM notices WHERE at <= ? LIMIT 1", time).toArray().length > 0;
  }

  /** Clients that were removed after a time. */
  leftAfter(time: number): string[] {
    return this.#namedIn(["left"], time);
  }

  /** Clients that were removed, blocked or unblocked after a time: they are notified without being members. */
  outsidersAfter(time: number): string[] {
    return this.#namedIn(["left", "silenced", "unsilenced", "blocked", "unblocked"], time);
  }

  #namedIn(kinds: readonly Notice["kind"][], after: number): string[] {
    const named = this.since(after).map(({ notice }) =>
      kinds.includes(notice.kind) && "members" in notice ? notice.members : [],
    );
    return [...new Set(named.flat())];
  }

  hasWill(messageId: string): boolean {
    return this.since(0).some(({ notice }) => notice.kind === "will" && notice.messageId === messageId);
  }

  /**
   * The notices that one client missed, oldest first. A client gets none of a time when it was not a member.
   *
   * @param query `after` and `before` bound the times, both exclusive; `isMember`: whether the client is a member now;
   *   `seesLists`: whether members hear of each other's silences and blocks
   */
  missedBy(
    clientId: string,
    query: { after: number; before?: number; conversationId: string; isMember: boolean; seesLists: boolean },
  ): MissedEvent[] {
    const { after, before = Number.POSITIVE_INFINITY, conversationId, isMember, seesLists } = query;
    if (!this.#hasBetween(after, before)) return [];
    const kept = this.since(after);
    let belongs = belongedBefore(kept, clientId, isMember);
    const missed: MissedEvent[] = [];
    for (const { at, notice } of kept) {
      if (at >= before) break;
      const base = { at, conversationId };
      switch (notice.kind) {
        case "joined": {
          const { by, members } = notice;
          if (members.includes(clientId)) {
            belongs = true;
            missed.push({ ...base, kind: "joined", by });
          }
          if (belongs) missed.push({ ...base, kind: "membersJoined", by, members });
          break;
        }
        case "left": {
          const { by, members } = notice;
          if (members.includes(clientId)) {
            belongs = false;
            missed.push({ ...base, kind: "left", by });
          } else if (belongs) missed.push({ ...base, kind: "membersLeft", by, members });
          break;
        }
        case "silenced":
        case "unsilenced":
        case "blocked":
        case "unblocked": {
          const { kind: change, by, members } = notice;
          const isAbout = members.includes(clientId);
          if (isAbout) missed.push({ ...base, kind: "listed", change, by });
          if (belongs && seesLists && !(isAbout && change === "blocked"))
            missed.push({ ...base, kind: "membersListed", change, by, members });
          break;
        }
        case "role":
        case "updated":
          if (belongs) missed.push({ ...base, ...notice });
          break;
        case "receipt": {
          const { to, ...receipt } = notice;
          if (to === clientId) missed.push({ ...base, ...receipt });
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

  /** The notices after a time, oldest first. */
  since(at: number): { at: number; notice: Notice }[] {
    return this.#sql
      .exec<{ at: number; notice: string }>("SELECT at, notice FROM notices WHERE at > ? ORDER BY at", at)
      .toArray()
      .map((row) => ({ at: row.at, notice: readAsWritten(row.notice) }));
  }
}

/** Whether a client was a member before these notices: the first notice that names it shows that. */
function belongedBefore(kept: { notice: Notice }[], clientId: string, isMember: boolean): boolean {
  for (const { notice } of kept) {
    if ((notice.kind === "joined" || notice.kind === "left") && notice.members.includes(clientId)) {
      return notice.kind === "left";
    }
  }
  return isMember;
}
