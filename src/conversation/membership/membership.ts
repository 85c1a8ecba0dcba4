import { ROOM_MUTES } from "../../bounds.ts";
import type { AppEventBody } from "../../model/app-events.ts";
import { isClientId } from "../../model/client-id.ts";
import type { JsonObject } from "../../model/json.ts";
import { joinRecords, noticeRecord } from "../../protocol/link-records.ts";
import type { Changed, Refused } from "../../protocol/outcome.ts";
import type * as replies from "../../protocol/replies.ts";
import type { Outbox } from "../copy/outbox.ts";
import type { ConversationLimits } from "../creation/new-conversation.ts";
import type { StartedBy } from "../creation/start-result.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { changeRecord } from "../delivery/notice-records.ts";
import { NO_ORIGIN, skippedEntryRecord } from "../delivery/skipped-entry.ts";
import type { MissedEvent } from "../notices.ts";
import type { ConversationState } from "../state.ts";
import { changeColumns } from "./attributes.ts";

export interface MembershipHost {
  now(): number;
  /** Something changed that D1 lacks. */
  archiveSoon(): void;
  /** As last read; `conversation.ts` refreshes them where it matters. */
  limits(): ConversationLimits;
  /** Records an event for the app's server; called in the turn of the change. */
  recordEvent(event: AppEventBody): void;
}

/** Members that were removed, when (ms) and by whom; `by` is empty for the app's server. */
export interface Removal {
  at: number;
  by: string;
  members: string[];
}

type LocalChange<N = Exclude<MissedEvent, { kind: "receipt" }>> = N extends MissedEvent
  ? Omit<N, "conversationId">
  : never;

/**
 * Changes of a conversation's members, name and attributes, by clients and by the app's server. Each change is saved to
 * D1 first, then the author gets a reply, then members are notified.
 */
export class Membership {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #outbox: Outbox;
  readonly #host: MembershipHost;

  constructor(state: ConversationState, delivery: Delivery, outbox: Outbox, host: MembershipHost) {
    this.#state = state;
    this.#delivery = delivery;
    this.#outbox = outbox;
    this.#host = host;
  }

  /** Records that the conversation was created. Call it in the turn that creates it. */
  recordCreation(): void {
    this.#recordEvent("conversationStarted", this.#state.facts.creator, [...this.#state.members.keys()]);
  }

  /**
   * Notifies the members that the conversation exists; a creator that is a client gets its notices with the reply
   * instead.
   */
  announceCreation(startedBy: StartedBy): void {
    const members = [...this.#state.members.keys()];
    const { creator } = this.#state.facts;
    const others = members.filter((clientId) => startedBy === "server" || clientId !== creator);
    const record = joinRecords(this.creationNotices());
    this.#delivery.notify(others, { kind: "notice", record, at: this.#state.facts.createdAt });
  }

  /** Notices for each initial member (wire §5.1). */
  creationNotices(): Uint8Array[] {
    if (!this.#state.rules.hasMembers) return [];
    const { creator: by, createdAt: at } = this.#state.facts;
    const members = [...this.#state.members.keys()];
    return [
      this.#noticeRecord({ kind: "joined", at, by }),
      this.#noticeRecord({ kind: "membersJoined", at, by, members }),
    ];
  }

  /**
   * Adds the clients that are not members yet.
   *
   * @param by the author; the empty string for the app's server
   * @param reply is called before members are notified
   */
  async addMembers(
    clientIds: readonly string[],
    by: string,
    reply: (outcome: replies.MembersChanged) => void = () => {},
  ): Promise<Changed | Refused> {
    const { members, rules } = this.#state;
    if (rules.fixed.members !== undefined) return { refused: rules.fixed.members };
    const named = [...new Set(clientIds)];
    const invalid = named.filter((clientId) => !isClientId(clientId));
    const barred = named.filter((clientId) => this.#state.permissions.barsFromJoining(clientId, by));
    // The app's server receives no partial result.
    if (barred.length > 0 && by === "") return { refused: "BLOCKED_BY_CONV", detail: barred.join(", ") };
    const allowed = named.filter((clientId) => isClientId(clientId) && !barred.includes(clientId));
    const added = allowed.filter((clientId) => !members.has(clientId)).toSorted();
    if (added.length > 0 && members.size + added.length > this.#host.limits().members) {
      return { refused: "CONVERSATION_FULL" };
    }
    const { end } = this.#state.log;
    const updatedAt = added.length === 0 ? this.#state.facts.updatedAt : this.#join(added, by);
    await this.#outbox.index();
    const failed = [
      { error: "INVALID_LOGIN" as const, clientIds: invalid },
      { error: "BLOCKED_BY_CONV" as const, clientIds: barred },
    ].filter((failure) => failure.clientIds.length > 0);
    reply({ conversationId: this.#state.facts.id, allowed, failed, updatedAt });
    if (added.length > 0) this.#announceJoin(added, by, updatedAt, end);
    return { updatedAt };
  }

  #join(added: string[], by: string): number {
    const updatedAt = this.#state.change({}, this.#host.now());
    this.#state.notices.keep({ kind: "joined", by, members: added }, updatedAt);
    this.#state.addMembers(added, updatedAt);
    this.#recordEvent("conversationAdded", by, added);
    this.#delivery.audienceChanged();
    this.#host.archiveSoon();
    return updatedAt;
  }

  /** @param end of the log when they joined: messages sent since, while D1 was written, are for them too */
  #announceJoin(added: string[], by: string, updatedAt: number, end: number): void {
    const at = updatedAt;
    const joined = this.#noticeRecord({ kind: "joined", at, by });
    // Their subscriptions, if any, begin here: earlier entries did not come through them.
    const record = joinRecords([skippedEntryRecord(end, 0), joined]);
    this.#delivery.notify(added, { kind: "notice", record, at });
    // Messages from before a client (re)joined are not unread, whatever its devices counted before.
    const returning = added.filter(
      (clientId) => this.#state.members.get(clientId)?.readCursorMovedAt === updatedAt,
    );
    this.#delivery.notify(returning, { kind: "unread" });
    const membersJoined = this.#noticeRecord({ kind: "membersJoined", at, by, members: added });
    this.#delivery.notifyMembers({ kind: "notice", record: membersJoined, at }, { origin: NO_ORIGIN });
  }

  /** Removes the clients that are members; parameters as for `addMembers`. */
  async removeMembers(
    clientIds: readonly string[],
    by: string,
    reply: (outcome: replies.MembersChanged) => void = () => {},
  ): Promise<Changed | Refused> {
    const { fixed } = this.#state.rules;
    if (fixed.members !== undefined) return { refused: fixed.members };
    const named = [...new Set(clientIds)];
    const removal = this.removeHere(named, by);
    const updatedAt = removal?.at ?? this.#state.facts.updatedAt;
    await this.#outbox.index();
    reply({ conversationId: this.#state.facts.id, allowed: named, failed: [], updatedAt });
    if (removal !== undefined) this.announceRemoval(removal);
    return { updatedAt };
  }

  /**
   * Removes clients in this turn; undefined if none of them is a member. Afterwards the change has to be saved to D1, and
   * then announced.
   */
  removeHere(clientIds: readonly string[], by: string): Removal | undefined {
    const members = clientIds.filter((clientId) => this.#state.members.has(clientId));
    if (members.length === 0) return undefined;
    const at = this.#state.change({}, this.#host.now());
    this.#state.notices.keep({ kind: "left", by, members }, at);
    for (const clientId of members) this.#state.removeMember(clientId);
    this.#recordEvent("conversationRemoved", by, members);
    this.#delivery.audienceChanged();
    this.#host.archiveSoon();
    return { at, by, members };
  }

  announceRemoval({ at, by, members }: Removal): void {
    const left = this.#noticeRecord({ kind: "left", by, at });
    this.#delivery.notify(members, { kind: "notice", record: left, at });
    const membersLeft = this.#noticeRecord({ kind: "membersLeft", by, at, members });
    this.#delivery.notifyMembers({ kind: "notice", record: membersLeft, at }, { origin: NO_ORIGIN });
  }

  /**
   * Changes name, attributes or custom columns (B-17), by column path.
   *
   * @param by the author; the app's server has no client id and no session
   * @param reply is called before members are notified
   */
  async change(
    changes: JsonObject,
    by: { clientId: string; origin: number },
    reply: (change: Parameters<typeof replies.conversationUpdated>[1]) => void = () => {},
  ): Promise<Changed | Refused> {
    const { fixed } = this.#state.rules;
    if (fixed.columns !== undefined) return { refused: fixed.columns };
    const { name, attributes, columns, id: conversationId } = this.#state.facts;
    const outcome = changeColumns({ name, attributes, columns }, changes, this.#host.limits());
    if ("refused" in outcome) return { refused: "CONVERSATION_UPDATE_FAILED", detail: outcome.refused };
    const updatedAt = this.#state.change(outcome.after, this.#host.now());
    const { changed, resulting } = outcome;
    this.#state.notices.keep({ kind: "updated", by: by.clientId, changed, resulting }, updatedAt);
    this.#host.archiveSoon();
    await this.#outbox.index();
    reply({ conversationId, updatedAt, changed, resulting });
    // The session that made the change is left out; other devices of the same client are notified (wire §5.1).
    const at = updatedAt;
    const record = this.#noticeRecord({ kind: "updated", at, by: by.clientId, changed, resulting });
    const own = noticeRecord(at, new Uint8Array());
    this.#delivery.notifyMembers({ kind: "notice", record, at }, { origin: by.origin, own });
    return { updatedAt };
  }

  /** Switches push off or on for the clients that are members (M-46). */
  async setMuted(clientIds: readonly string[], muted: boolean): Promise<Changed | Refused> {
    const { fixed } = this.#state.rules;
    if (fixed.mutes !== undefined) return { refused: fixed.mutes };
    for (const clientId of clientIds) {
      const member = this.#state.members.get(clientId);
      if (member !== undefined) this.#state.members.setMuted(member, muted);
    }
    const mutedHere = this.#state.rules.isRoom ? this.#mutedHere(clientIds, muted) : undefined;
    const updatedAt = this.#state.change(mutedHere === undefined ? {} : { mutedHere }, this.#host.now());
    this.#host.archiveSoon();
    await this.#outbox.index();
    return { updatedAt };
  }

  /** Nobody is pushed what happens in a room. The list only shows clients what they chose. */
  #mutedHere(clientIds: readonly string[], muted: boolean): string[] {
    const { mutedHere = [] } = this.#state.facts;
    const others = mutedHere.filter((clientId) => !clientIds.includes(clientId));
    return muted ? [...others, ...clientIds].slice(-ROOM_MUTES) : others;
  }

  #recordEvent(
    name: "conversationStarted" | "conversationAdded" | "conversationRemoved",
    by: string,
    members: string[],
  ): void {
    this.#host.recordEvent({ name, conversationId: this.#state.facts.id, by, members });
  }

  #noticeRecord(change: LocalChange): Uint8Array {
    return changeRecord(this.#state, { conversationId: this.#state.facts.id, ...change });
  }
}
