import type { ConversationRecord } from "../model/records.ts";
import { readAsWritten } from "../protocol/written-number.ts";
import type { Sql } from "../sql.ts";
import { type CursorMoves, movesFromText, withMove } from "./cursor-moves.ts";
import type { PendingSince } from "./delivery-state.ts";
import { Log } from "./log.ts";
import { Notices } from "./notices.ts";
import type { ConversationTables } from "./tables.ts";
import { areSame } from "./unique-registry.ts";

/** One member as stored; one row each. */
export interface Member {
  clientId: string;
  joinedAt: number;
  /** Whether push is switched off (M-46). */
  muted: boolean;
  /** Everything at or before it is read; never moves back (I5). It starts where the member joined. */
  readCursor: number;
  /** When the read cursor last moved (ms), 0 if it never did. Devices that were away then are sent the new count. */
  readCursorMovedAt: number;
  /**
   * Everything at or before it reached one of the member's devices; never moves back. It is stored only when it matters
   * to others (`Receipts`), so storage may have an earlier value.
   */
  deliveredCursor: number;
  /** When the two cursors moved, as far as that is kept. */
  readMoves: CursorMoves;
  deliveredMoves: CursorMoves;
  /** What the member's `.1` devices acknowledged; undefined until the first of them logged in. */
  pushedAt: number | undefined;
  /** No device was online at the last try: later messages wait for the next login and cost no call. */
  away: boolean;
}

/** Changes remembered by clock time: more than happen during one login. */
const RECENT_MAX = 2_000;

/** How far (ms of the log) the stored `archived_at` may lag behind before it is written again. */
const ARCHIVED_STEP = 60 * 60 * 1000;

type Facts = Omit<ConversationRecord, "members" | "muted" | "lastMessageAt"> & {
  /** The members of the unique conversation it began as. */
  uniqueOf?: string[];
};

/**
 * The durable state of a conversation: its facts, its members, its log and what is pending. Every method is
 * synchronous, so that a rule reads and writes without interruption.
 */
export class ConversationState {
  readonly #sql: Sql;
  readonly log: Log;
  readonly notices: Notices;
  readonly members: Map<string, Member>;
  #facts: Facts;
  /** When the conversation was deleted; what is left then is needed to clear D1. */
  #deletedAt: number | undefined;
  /** The ends of log and notices just before each of the latest changes, by clock time (ms). */
  readonly #recent: { clock: number; end: number; lastNotice: number }[] = [];
  /** `updatedAt` of the newest snapshot D1 has. */
  #indexedAt: number;
  /** Messages after this timestamp may still have to be relayed to members. */
  #pendingSince: number | undefined;
  /**
   * The time (ms) up to which D1 is known to have the log, and the value of it in storage, which is not always written.
   */
  #archivedAt: number;
  #archivedSaved: number;
  /** D1 may lack messages after this time, for longer than is normal; undefined while D1 keeps up. */
  #behindSince: number | undefined;

  static create(tables: ConversationTables, record: ConversationRecord): ConversationState {
    tables.create("conversation", "members", "messages", "notices");
    const { sql } = tables;
    const { members, muted, lastMessageAt, ...rest } = record;
    const facts: Facts = record.unique ? { ...rest, uniqueOf: members } : rest;
    sql.exec(
      "INSERT INTO conversation (id, facts, indexed_at, archived_at) VALUES (1, ?, 0, ?)",
      JSON.stringify(facts),
      record.createdAt,
    );
    const state = new ConversationState(sql);
    state.addMembers(members, record.createdAt);
    state.notices.keep({ kind: "joined", by: record.creator, members }, record.createdAt);
    return state;
  }

  /** The conversation in this storage, or undefined if none was ever created. Checking writes nothing. */
  static load(tables: ConversationTables): ConversationState | undefined {
    return tables.has("conversation") ? new ConversationState(tables.sql) : undefined;
  }

  private constructor(sql: Sql) {
    this.#sql = sql;
    const row = sql
      .exec<{
        facts: string;
        indexed_at: number;
        owed_since: number | null;
        behind_since: number | null;
        archived_at: number | null;
      }>("SELECT facts, indexed_at, owed_since, behind_since, archived_at FROM conversation")
      .one();
    const { deletedAt, ...facts }: Facts & { deletedAt?: number } = readAsWritten(row.facts);
    this.#facts = facts;
    this.#deletedAt = deletedAt;
    this.#indexedAt = row.indexed_at;
    this.#pendingSince = row.owed_since ?? undefined;
    this.#behindSince = row.behind_since ?? undefined;
    this.#archivedAt = row.archived_at ?? 0;
    this.#archivedSaved = this.#archivedAt;
    this.log = new Log(sql);
    this.notices = new Notices(sql);
    this.members = new Map();
    const members = sql.exec<{
      client_id: string;
      joined_at: number;
      muted: number;
      read_at: number;
      read_moved_at: number;
      delivered_at: number;
      pushed_at: number | null;
      read_moves: string | null;
      delivered_moves: string | null;
      away: number;
    }>("SELECT * FROM members ORDER BY joined_at, client_id");
    for (const member of members) {
      this.members.set(member.client_id, {
        clientId: member.client_id,
        joinedAt: member.joined_at,
        muted: member.muted === 1,
        readCursor: member.read_at,
        readCursorMovedAt: member.read_moved_at,
        deliveredCursor: member.delivered_at,
        readMoves: movesFromText(member.read_moves),
        deliveredMoves: movesFromText(member.delivered_moves),
        pushedAt: member.pushed_at ?? undefined,
        away: member.away === 1,
      });
    }
  }

  get facts(): Readonly<Facts> {
    return this.#facts;
  }

  /** The next moment of this conversation: now, or just after the last one if the clock has not moved on (I2). */
  nextTime(now: number): number {
    this.#recent.push({ clock: now, end: this.log.end, lastNotice: this.notices.last });
    if (this.#recent.length > RECENT_MAX) this.#recent.splice(0, RECENT_MAX / 2);
    return Math.max(now, this.log.end + 1, this.#facts.updatedAt + 1, this.notices.last + 1);
  }

  /**
   * How far log and notices had got at a moment of clock time; a busy conversation's own time runs ahead of the clock.
   * Changes that the object no longer remembers, because it hibernated, are older.
   */
  endAt(clock: number): { end: number; lastNotice: number } {
    const next = this.#recent.find((moment) => moment.clock > clock);
    return next ?? { end: this.log.end, lastNotice: this.notices.last };
  }

  /** The whole conversation as queries and D1 see it. */
  record(): ConversationRecord {
    const members = [...this.members.values()];
    const { uniqueOf, ...facts } = this.#facts;
    const isTheirs = uniqueOf === undefined || areSame(this.members.keys(), uniqueOf);
    return {
      ...facts,
      // A lookup by the members' digest must not find a conversation that has other members by now.
      uniqueId: isTheirs ? facts.uniqueId : undefined,
      members: members.map((member) => member.clientId),
      muted: members.filter((member) => member.muted).map((member) => member.clientId),
      lastMessageAt: this.log.head === 0 ? undefined : this.log.head,
    };
  }

  /** Changes facts and moves `updatedAt` on, which makes D1's snapshot stale. */
  change(facts: Partial<Facts>, now: number): number {
    const updatedAt = this.nextTime(now);
    this.#facts = { ...this.#facts, ...facts, updatedAt };
    this.#sql.exec("UPDATE conversation SET facts = ?", JSON.stringify(this.#facts));
    return updatedAt;
  }

  get isDeleted(): boolean {
    return this.#deletedAt !== undefined;
  }

  /** Deletes the conversation for everybody, for good. */
  delete(now: number): void {
    this.#deletedAt = now;
    this.#sql.exec("UPDATE conversation SET facts = ?", JSON.stringify({ ...this.#facts, deletedAt: now }));
  }

  addMembers(clientIds: readonly string[], joinedAt: number): void {
    // Messages from before the client left no longer count as unread, so its devices must be sent a new count.
    const returning = new Set(this.notices.leftAfter(0));
    for (const clientId of clientIds)
      this.#addMember(clientId, joinedAt, returning.has(clientId) ? joinedAt : 0);
  }

  #addMember(clientId: string, joinedAt: number, readMovedAt: number): void {
    this.members.set(clientId, {
      clientId,
      joinedAt,
      muted: false,
      readCursor: joinedAt,
      readCursorMovedAt: readMovedAt,
      deliveredCursor: joinedAt,
      readMoves: [],
      deliveredMoves: [],
      pushedAt: undefined,
      away: false,
    });
    this.#sql.exec(
      "INSERT INTO members (client_id, joined_at, muted, read_at, delivered_at, away, read_moved_at) " +
        "VALUES (?, ?, 0, ?, ?, 0, ?)",
      clientId,
      joinedAt,
      joinedAt,
      joinedAt,
      readMovedAt,
    );
  }

  removeMember(clientId: string): void {
    this.members.delete(clientId);
    this.#sql.exec("DELETE FROM members WHERE client_id = ?", clientId);
  }

  setMuted(member: Member, muted: boolean): void {
    member.muted = muted;
    this.#sql.exec("UPDATE members SET muted = ? WHERE client_id = ?", muted ? 1 : 0, member.clientId);
  }

  setAway(member: Member, away: boolean): void {
    if (member.away === away) return;
    member.away = away;
    this.#sql.exec("UPDATE members SET away = ? WHERE client_id = ?", away ? 1 : 0, member.clientId);
  }

  /**
   * Moves a read cursor forward, and the delivered cursor with it; returns whether it moved (I5).
   *
   * @param at the time of the move for receipts (ms); undefined if the conversation has none
   */
  read(member: Member, upTo: number, now: number, at: number | undefined): boolean {
    const readAt = Math.min(upTo, this.log.head);
    if (readAt <= member.readCursor) return false;
    member.readCursor = readAt;
    member.readCursorMovedAt = Math.max(now, member.readCursorMovedAt + 1);
    const isNew = readAt > member.deliveredCursor;
    member.deliveredCursor = Math.max(member.deliveredCursor, readAt);
    if (at !== undefined) {
      member.readMoves = withMove(member.readMoves, readAt, at);
      if (isNew) member.deliveredMoves = withMove(member.deliveredMoves, readAt, at);
    }
    this.#sql.exec(
      "UPDATE members SET read_at = ?, read_moved_at = ?, delivered_at = ?, read_moves = ?, delivered_moves = ? " +
        "WHERE client_id = ?",
      readAt,
      member.readCursorMovedAt,
      member.deliveredCursor,
      movesToText(member.readMoves),
      movesToText(member.deliveredMoves),
      member.clientId,
    );
    return true;
  }

  /** Stores how far a member's devices have acknowledged. */
  saveDelivered(member: Member): void {
    this.#sql.exec(
      "UPDATE members SET delivered_at = ?, pushed_at = ?, delivered_moves = ? WHERE client_id = ?",
      member.deliveredCursor,
      member.pushedAt ?? null,
      movesToText(member.deliveredMoves),
      member.clientId,
    );
  }

  /** `updatedAt` of the newest snapshot D1 is known to have. */
  get indexedAt(): number {
    return this.#indexedAt;
  }

  /** Whether D1 lacks a change of members or facts. */
  get indexIsStale(): boolean {
    return this.#indexedAt < this.#facts.updatedAt;
  }

  setIndexed(updatedAt: number): void {
    if (updatedAt <= this.#indexedAt) return;
    this.#indexedAt = updatedAt;
    this.#archivedSaved = this.#archivedAt;
    this.#sql.exec("UPDATE conversation SET indexed_at = ?, archived_at = ?", updatedAt, this.#archivedAt);
  }

  /** D1 turned out not to have the conversation: everything is copied again. */
  indexLost(): void {
    this.#indexedAt = 0;
    this.#archivedAt = 0;
    this.#archivedSaved = 0;
    this.#sql.exec("UPDATE conversation SET indexed_at = 0, archived_at = 0");
  }

  /** D1 has reported that it has every entry of the log up to this time (ms). */
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
   */
  get isArchiveUncertain(): boolean {
    return this.log.end > this.#archivedSaved + ARCHIVED_STEP;
  }

  /** Stores once in a while how far D1 is. */
  saveArchived(): void {
    if (this.#archivedAt <= this.#archivedSaved + ARCHIVED_STEP) return;
    this.#archivedSaved = this.#archivedAt;
    this.#sql.exec("UPDATE conversation SET archived_at = ?", this.#archivedAt);
  }

  get pendingSince(): number | undefined {
    return this.#pendingSince;
  }

  /**
   * What is pending when the object wakes up. A change is sent to members only after D1 has it, so a change that D1
   * lacks may not have been sent either.
   */
  get pendingAtWake(): PendingSince | undefined {
    const log = this.#pendingSince;
    if (!this.indexIsStale) return log === undefined ? undefined : { log, notices: log };
    return { log: log ?? this.log.end, notices: Math.min(log ?? this.#indexedAt, this.#indexedAt) };
  }

  /** Stores, before the delivery, that messages after this time are pending for members without a subscription. */
  markPending(since: number): void {
    if (this.#pendingSince !== undefined && this.#pendingSince <= since) return;
    this.#pendingSince = since;
    this.#sql.exec("UPDATE conversation SET owed_since = ?", since);
  }

  clearPending(): void {
    if (this.#pendingSince === undefined) return;
    this.#pendingSince = undefined;
    this.#sql.exec("UPDATE conversation SET owed_since = NULL");
  }

  get behindSince(): number | undefined {
    return this.#behindSince;
  }

  /** Stores that the app is being sent that D1 is behind, so that it is sent the end of it as well. */
  setBehind(since: number): void {
    this.#behindSince = since;
    this.#sql.exec("UPDATE conversation SET behind_since = ?", since);
  }

  setCaughtUp(): void {
    this.#behindSince = undefined;
    this.#sql.exec("UPDATE conversation SET behind_since = NULL");
  }
}

function movesToText(moves: CursorMoves): string | null {
  return moves.length === 0 ? null : JSON.stringify(moves);
}
