import type { ConversationRecord } from "../model/records.ts";
import type { ErrorName } from "../protocol/errors.ts";
import { endOf } from "../protocol/temporary-ids.ts";
import { readAsWritten } from "../protocol/written-number.ts";
import type { Sql } from "../sql.ts";
import type { ConversationTables } from "./conversation-tables.ts";
import { CopyProgress } from "./copy/copy-progress.ts";
import { areSame } from "./creation/unique-registry.ts";
import type { PendingSince } from "./delivery/delivery-host.ts";
import type { Facts, Hold } from "./facts.ts";
import type { KindRules } from "./kinds/kind-rules.ts";
import { rulesOf } from "./kinds/kinds.ts";
import { Log } from "./log/log.ts";
import { type Member, Members } from "./membership/members.ts";
import { Notices } from "./notices.ts";
import { Permissions } from "./permissions/permissions.ts";
import { ServiceState } from "./service/service-state.ts";

/** Changes remembered by clock time: more than happen during one login. */
const RECENT_MAX = 2_000;

/** A client that a message is for, and whether it is pushed to it. */
export type Recipient = Pick<Member, "clientId" | "muted" | "away">;

/**
 * The durable state of a conversation: its facts, its members, its log and what is pending. Every method is
 * synchronous, so that a rule reads and writes without interruption.
 */
export class ConversationState {
  readonly #sql: Sql;
  readonly log: Log;
  readonly notices: Notices;
  readonly members: Members;
  readonly permissions: Permissions;
  /** Of a service conversation alone. */
  readonly service: ServiceState | undefined;
  readonly copy: CopyProgress;
  #facts: Facts;
  /** When the conversation was deleted (ms). Its log is kept until D1 is cleared by it. */
  #deletedAt: number | undefined;
  /** The ends of log and notices just before each of the latest changes, by clock time (ms). */
  readonly #recent: { clock: number; end: number; lastNotice: number }[] = [];
  #pendingSince: number | undefined;

  static create(tables: ConversationTables, record: ConversationRecord): ConversationState {
    tables.create("conversation", "members", "messages", "notices");
    const { members, muted, lastMessageAt, ...rest } = record;
    const facts: Facts = record.unique ? { ...rest, uniqueOf: members } : rest;
    const state = ConversationState.#begin(tables, facts, 0);
    if (!state.rules.hasMembers) return state;
    state.addMembers(members, record.createdAt);
    state.notices.keep({ kind: "joined", by: record.creator, members }, record.createdAt);
    return state;
  }

  /**
   * Creates a conversation without members and notices, for an import, which gives D1 its copy.
   */
  static createEmpty(tables: ConversationTables, facts: Facts): ConversationState {
    tables.create("conversation", "members", "messages", "notices");
    return ConversationState.#begin(tables, facts, facts.updatedAt);
  }

  static #begin(tables: ConversationTables, facts: Facts, indexedAt: number): ConversationState {
    tables.sql.exec(
      "INSERT INTO conversation (id, facts, indexed_at, archived_at) VALUES (1, ?, ?, ?)",
      JSON.stringify(facts),
      indexedAt,
      facts.createdAt,
    );
    return new ConversationState(tables);
  }

  /** The conversation in this storage, or undefined if none was ever created. Checking writes nothing. */
  static load(tables: ConversationTables): ConversationState | undefined {
    return tables.has("conversation") ? new ConversationState(tables) : undefined;
  }

  private constructor(tables: ConversationTables) {
    const { sql } = tables;
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
    this.#pendingSince = row.owed_since ?? undefined;
    this.copy = new CopyProgress(sql, {
      indexedAt: row.indexed_at,
      archivedAt: row.archived_at ?? 0,
      behindSince: row.behind_since ?? undefined,
    });
    this.log = new Log(sql);
    this.notices = new Notices(sql);
    this.members = new Members(tables);
    this.permissions = new Permissions(tables);
    this.service = this.rules.isService ? new ServiceState(tables, this.log) : undefined;
  }

  get facts(): Readonly<Facts> {
    return this.#facts;
  }

  /** What its kind is like. */
  get rules(): KindRules {
    return rulesOf(this.#facts.kind);
  }

  /** When a temporary conversation ends (ms); undefined for others. */
  get endsAt(): number | undefined {
    return this.#facts.kind === "temporary" ? endOf(this.#facts.id) : undefined;
  }

  /** Whether a client is a member, or subscribed. */
  isMember(clientId: string): boolean {
    return this.service === undefined ? this.members.has(clientId) : this.service.subscribers.has(clientId);
  }

  /** The clients other than its author that a message is for, as far as they are known by name (P-01). */
  recipientsOf({ from, to }: { from: string; to: string[] | undefined }): Recipient[] {
    const { service } = this;
    if (service === undefined)
      return [...this.members.values()].filter(
        ({ clientId }) => clientId !== from && (to?.includes(clientId) ?? true),
      );
    const named = (to ?? []).filter((clientId) => clientId !== from);
    return named.map((clientId) => {
      return {
        clientId,
        muted: service.readers.get(clientId).muted,
        away: service.isAway(clientId) ? "away" : "no",
      };
    });
  }

  /** Whether a client may send, edit and recall messages here. A command may have waited until it was deleted. */
  mayWrite(clientId: string): boolean {
    if (this.isDeleted) return false;
    return this.rules.writers === "anyone" ? !this.#isBlocked(clientId) : this.members.has(clientId);
  }

  /** Whether a client may read its history. What a service tells a client is theirs, even if they are blocked there. */
  mayRead(clientId: string): boolean {
    if (this.isDeleted) return false;
    if (this.rules.readers === "members") return this.members.has(clientId);
    return this.rules.isService || !this.#isBlocked(clientId);
  }

  /** Where nobody is a member, blocking alone shuts somebody out. */
  #isBlocked(clientId: string): boolean {
    return this.permissions.blacklist.has(clientId);
  }

  /**
   * The next moment of this conversation: now, or just after the last one if the clock has not moved on (I2).
   *
   * @param wanted in place of now, for a message that was sent before
   */
  nextTime(now: number, wanted = now): number {
    this.#recent.push({ clock: now, end: this.log.end, lastNotice: this.notices.last });
    if (this.#recent.length > RECENT_MAX) this.#recent.splice(0, RECENT_MAX / 2);
    const { updatedAt, importedLastMessageAt = 0 } = this.#facts;
    const last = Math.max(this.log.end, updatedAt, this.notices.last, importedLastMessageAt);
    return Math.max(wanted, last + 1);
  }

  /**
   * How far log and notices had got at a moment of clock time; a busy conversation's own time runs ahead of the clock.
   * Changes that the object no longer remembers, because it hibernated, are older.
   */
  endAt(clock: number): { end: number; lastNotice: number } {
    const next = this.#recent.find((moment) => moment.clock > clock);
    return next ?? { end: this.log.end, lastNotice: this.notices.last };
  }

  /** Why a client may not be heard here now, in whatever way; undefined if it may. */
  writeRefusal(clientId: string, now: number): ErrorName | undefined {
    if (!this.mayWrite(clientId)) return "INVALID_MESSAGING_TARGET";
    return this.permissions.silences.refusal(clientId, now);
  }

  /** The whole conversation as queries and D1 see it. */
  record(): ConversationRecord {
    const members = [...this.members.values()];
    const { uniqueOf, importedLastMessageAt = 0, mutedHere = [], hold: _, ...facts } = this.#facts;
    const isTheirs = uniqueOf === undefined || areSame(this.members.keys(), uniqueOf);
    return {
      ...facts,
      // A lookup by the members' digest must not find a conversation that has other members by now.
      uniqueId: isTheirs ? facts.uniqueId : undefined,
      members: members.map((member) => member.clientId),
      muted: [...mutedHere, ...members.filter((member) => member.muted).map((member) => member.clientId)],
      // Nobody is shown when others wrote to a service.
      lastMessageAt: this.rules.isService
        ? undefined
        : Math.max(this.log.head, importedLastMessageAt) || undefined,
    };
  }

  /** Changes facts and moves `updatedAt` on, which makes D1's snapshot stale. */
  change(facts: Partial<Facts>, now: number): number {
    const updatedAt = this.nextTime(now);
    this.#facts = { ...this.#facts, ...facts, updatedAt };
    this.#sql.exec("UPDATE conversation SET facts = ?", JSON.stringify(this.#facts));
    return updatedAt;
  }

  /** Takes over facts of an import, which gives D1 its copy. A hold stays. */
  importFacts(facts: Facts): void {
    this.#setFacts(this.#facts.hold === undefined ? facts : { ...facts, hold: this.#facts.hold });
    this.copy.setIndexed(facts.updatedAt);
  }

  /** Puts the conversation on hold, or ends that. It is no change that anybody sees, nor activity. */
  setHold(hold: Hold | undefined): void {
    const { hold: _, ...facts } = this.#facts;
    this.#setFacts(hold === undefined ? facts : { ...facts, hold });
  }

  #setFacts(facts: Facts): void {
    this.#facts = facts;
    this.#sql.exec("UPDATE conversation SET facts = ?", JSON.stringify(facts));
  }

  /** The time (ms) of the newest message or change of the conversation itself: reading it is no activity (L-16). */
  get lastActivity(): number {
    const { updatedAt, createdAt, importedLastMessageAt = 0 } = this.#facts;
    return Math.max(this.log.head, updatedAt, createdAt, importedLastMessageAt);
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
      this.members.add(clientId, joinedAt, returning.has(clientId) ? joinedAt : 0);
  }

  /** Removes a member, and with it the role that it was given. */
  removeMember(clientId: string): void {
    this.members.remove(clientId);
    this.permissions.roles.remove([clientId]);
  }

  /** Whether D1 lacks a change of members or facts. */
  get indexIsStale(): boolean {
    return this.copy.indexedAt < this.#facts.updatedAt;
  }

  /** Messages after this timestamp may be unknown to sessions of members that have no subscription. */
  get pendingSince(): number | undefined {
    return this.#pendingSince;
  }

  /**
   * What is pending when the object starts. A change is sent to members only after D1 has it, so a change that D1
   * lacks may not have been sent either.
   */
  get pendingAtStart(): PendingSince | undefined {
    const log = this.#pendingSince;
    if (!this.indexIsStale) return log === undefined ? undefined : { log, notices: log };
    return { log: log ?? this.log.end, notices: Math.min(log ?? this.copy.indexedAt, this.copy.indexedAt) };
  }

  /** Stores, before the delivery, that messages after this time are pending for members without a subscription. */
  markPending(since: number): void {
    if (this.isDeleted || (this.#pendingSince !== undefined && this.#pendingSince <= since)) return;
    this.#pendingSince = since;
    this.#sql.exec("UPDATE conversation SET owed_since = ?", since);
  }

  clearPending(): void {
    if (this.isDeleted || this.#pendingSince === undefined) return;
    this.#pendingSince = undefined;
    this.#sql.exec("UPDATE conversation SET owed_since = NULL");
  }
}
