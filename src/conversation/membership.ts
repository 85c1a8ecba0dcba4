import type { AppEventBody } from "../model/app-events.ts";
import { isClientId } from "../model/client-id.ts";
import type { JsonObject } from "../model/json.ts";
import type { Changed, Refused } from "../model/outcome.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import { joinRecords, noticeRecord } from "../protocol/link-records.ts";
import * as replies from "../protocol/replies.ts";
import type { Settings } from "../settings/schema.ts";
import { changeColumns } from "./attributes.ts";
import type { Delivery } from "./delivery.ts";
import type { Subscription } from "./delivery-state.ts";
import { membershipRefusal } from "./membership-rules.ts";
import type { ConversationLimits } from "./new-conversation.ts";
import { changeRecord } from "./notice-records.ts";
import type { MissedEvent } from "./notices.ts";
import type { Outbox } from "./outbox.ts";
import type { Receipts } from "./receipts.ts";
import { skippedEntryRecord } from "./replay.ts";
import type { Replier } from "./replier.ts";
import type { ConversationState } from "./state.ts";

export interface MembershipHost {
  now(): number;
  /** Something changed that D1 lacks. */
  archiveSoon(): void;
  /** As last read; `conversation.ts` sees to it that they are fresh where they matter. */
  limits(): ConversationLimits;
  rules(): Pick<Settings["security"], "join" | "removeOthers" | "showMembers">;
  /** Something the app's server may want to hear of; in the turn that makes it so. */
  happened(event: AppEventBody): void;
}

type ChangeInPlace<N = Exclude<MissedEvent, { kind: "receipt" }>> = N extends MissedEvent
  ? Omit<N, "conversationId">
  : never;

/** Who is in a conversation and what it is called: each change is told to D1 first, then to everybody. */
export class Membership {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #outbox: Outbox;
  readonly #receipts: Receipts;
  readonly #answers: Replier;
  readonly #host: MembershipHost;

  constructor(
    state: ConversationState,
    delivery: Delivery,
    receipts: Receipts,
    outbox: Outbox,
    answers: Replier,
    host: MembershipHost,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#receipts = receipts;
    this.#outbox = outbox;
    this.#answers = answers;
    this.#host = host;
  }

  /** The conversation was created. To be called in the turn that does it. */
  began(): void {
    this.#happened("conversationStarted", this.#state.facts.creator, [...this.#state.members.keys()]);
  }

  /**
   * Tells the members that the conversation exists: all but its creator if that is a client, who is told together
   * with the reply.
   */
  announceCreation(origin: "client" | "server"): void {
    const members = [...this.#state.members.keys()];
    const { creator } = this.#state.facts;
    const others = members.filter((clientId) => origin === "server" || clientId !== creator);
    this.#delivery.notify(others, joinRecords(this.creationNotices()), this.#state.facts.createdAt);
  }

  /** What each initial member is told (wire §5.1). */
  creationNotices(): Uint8Array[] {
    const { creator: by, createdAt: at } = this.#state.facts;
    const members = [...this.#state.members.keys()];
    return [
      this.#record({ kind: "joined", at, by }),
      this.#record({ kind: "membersJoined", at, by, members }),
    ];
  }

  async add(subscription: Subscription, command: CommandOf<"conversation.add">): Promise<void> {
    const { serial, members } = command;
    const refusal = this.refusal("add", subscription, members);
    if (refusal !== undefined) return this.#answers.refuse(subscription, serial, refusal);
    const outcome = await this.addMembers(members, subscription.clientId, (outcome) =>
      this.#answers.reply(subscription, serial, replies.membersAdded(serial, outcome)),
    );
    if ("refused" in outcome) this.#answers.refuse(subscription, serial, outcome.refused);
  }

  /**
   * Adds whoever is no member yet.
   *
   * @param by who does it; the empty string for the app's server
   * @param answer is called before anybody is told
   */
  async addMembers(
    clientIds: readonly string[],
    by: string,
    answer: (outcome: replies.MembersChanged) => void = () => {},
  ): Promise<Changed | Refused> {
    if (this.#state.facts.kind !== "normal") return { refused: "NORMAL_CONVERSATION_REQUIRED" };
    const { members } = this.#state;
    const wanted = [...new Set(clientIds)];
    const invalid = wanted.filter((clientId) => !isClientId(clientId));
    const allowed = wanted.filter(isClientId);
    const newcomers = allowed.filter((clientId) => !members.has(clientId)).toSorted();
    if (newcomers.length > 0 && members.size + newcomers.length > this.#host.limits().members) {
      return { refused: "CONVERSATION_FULL" };
    }
    const { end } = this.#state.log;
    const updatedAt = newcomers.length === 0 ? this.#state.facts.updatedAt : this.#join(newcomers, by);
    await this.#outbox.index();
    const failed = invalid.length === 0 ? [] : [{ error: "INVALID_LOGIN" as const, clientIds: invalid }];
    answer({ conversationId: this.#state.facts.id, allowed, failed, updatedAt });
    if (newcomers.length > 0) this.#announceJoin(newcomers, by, updatedAt, end);
    return { updatedAt };
  }

  /** Why a client may not add or remove these people, by what the app allows; undefined if it may. */
  refusal(
    operation: "add" | "remove",
    { clientId }: Subscription,
    clientIds: readonly string[],
  ): ErrorName | undefined {
    const isMember = this.#state.members.has(clientId);
    const isCreator = this.#state.facts.creator === clientId;
    return membershipRefusal(operation, { clientId, isMember, isCreator }, clientIds, this.#host.rules());
  }

  #join(newcomers: string[], by: string): number {
    const updatedAt = this.#state.change({}, this.#host.now());
    this.#state.notices.keep({ kind: "joined", by, members: newcomers }, updatedAt);
    this.#state.addMembers(newcomers, updatedAt);
    this.#happened("conversationAdded", by, newcomers);
    this.#delivery.audienceChanged();
    this.#host.archiveSoon();
    return updatedAt;
  }

  /** @param end of the log as they joined: what was said since, while D1 was told, is theirs */
  #announceJoin(newcomers: string[], by: string, updatedAt: number, end: number): void {
    const at = updatedAt;
    const joined = this.#record({ kind: "joined", at, by });
    // Their subscriptions, where they have some, begin here: what was said so far did not come over them.
    this.#delivery.notify(newcomers, joinRecords([skippedEntryRecord(end, 0), joined]), at);
    // What was said before he came (back) is not unread, whatever his devices counted once.
    const returning = newcomers.filter(
      (clientId) => this.#state.members.get(clientId)?.readCursorMovedAt === updatedAt,
    );
    this.#delivery.notify(returning, "unread");
    const membersJoined = this.#record({ kind: "membersJoined", at, by, members: newcomers });
    this.#delivery.notify([...this.#state.members.keys()], membersJoined, at);
  }

  async remove(subscription: Subscription, command: CommandOf<"conversation.remove">): Promise<void> {
    const { serial, members } = command;
    const refusal = this.refusal("remove", subscription, members);
    if (refusal !== undefined) return this.#answers.refuse(subscription, serial, refusal);
    const outcome = await this.removeMembers(members, subscription.clientId, (outcome) =>
      this.#answers.reply(subscription, serial, replies.membersRemoved(serial, outcome)),
    );
    if ("refused" in outcome) this.#answers.refuse(subscription, serial, outcome.refused);
  }

  /** Removes whoever is a member; parameters as for `addMembers`. */
  async removeMembers(
    clientIds: readonly string[],
    by: string,
    answer: (outcome: replies.MembersChanged) => void = () => {},
  ): Promise<Changed | Refused> {
    if (this.#state.facts.kind !== "normal") return { refused: "NORMAL_CONVERSATION_REQUIRED" };
    const wanted = [...new Set(clientIds)];
    const gone = wanted.filter((clientId) => this.#state.members.has(clientId));
    let { updatedAt } = this.#state.facts;
    if (gone.length > 0) {
      updatedAt = this.#state.change({}, this.#host.now());
      this.#state.notices.keep({ kind: "left", by, members: gone }, updatedAt);
      for (const clientId of gone) this.#state.removeMember(clientId);
      this.#happened("conversationRemoved", by, gone);
      this.#delivery.audienceChanged();
      this.#host.archiveSoon();
    }
    await this.#outbox.index();
    answer({ conversationId: this.#state.facts.id, allowed: wanted, failed: [], updatedAt });
    if (gone.length === 0) return { updatedAt };
    this.#delivery.notify(gone, this.#record({ kind: "left", by, at: updatedAt }), updatedAt);
    const left = this.#record({ kind: "membersLeft", by, at: updatedAt, members: gone });
    this.#delivery.notify([...this.#state.members.keys()], left, updatedAt);
    return { updatedAt };
  }

  async update(subscription: Subscription, serial: number | undefined, changes: JsonObject): Promise<void> {
    if (!this.#state.members.has(subscription.clientId))
      return this.#answers.refuse(subscription, serial, "CONVERSATION_UPDATE_REJECTED");
    const outcome = await this.change(changes, subscription, (change) =>
      this.#answers.reply(subscription, serial, replies.conversationUpdated(serial, change)),
    );
    if ("refused" in outcome) this.#answers.refuse(subscription, serial, outcome.refused, outcome.detail);
  }

  /**
   * Changes name, attributes or custom columns (B-17), by column path.
   *
   * @param by who does it; the app's server has no client id and no session
   * @param answer is called before anybody is told
   */
  async change(
    changes: JsonObject,
    by: { clientId: string; origin: number },
    answer: (change: Parameters<typeof replies.conversationUpdated>[1]) => void = () => {},
  ): Promise<Changed | Refused> {
    const { kind, name, attributes, columns, id: conversationId } = this.#state.facts;
    if (kind !== "normal") return { refused: "NORMAL_CONVERSATION_REQUIRED" };
    const outcome = changeColumns({ name, attributes, columns }, changes, this.#host.limits());
    if ("refused" in outcome) return { refused: "CONVERSATION_UPDATE_FAILED", detail: outcome.refused };
    const updatedAt = this.#state.change(outcome.after, this.#host.now());
    const { changed, resulting } = outcome;
    this.#state.notices.keep({ kind: "updated", by: by.clientId, changed, resulting }, updatedAt);
    this.#host.archiveSoon();
    await this.#outbox.index();
    answer({ conversationId, updatedAt, changed, resulting });
    // Everybody but the session that did it: the same client's other devices want to know (wire §5.1).
    const notice = { kind: "updated" as const, at: updatedAt, by: by.clientId, changed, resulting };
    const own = noticeRecord(updatedAt, false, new Uint8Array());
    this.#delivery.notifyMembers(this.#record(notice), { origin: by.origin, own, noticedAt: updatedAt });
    return { updatedAt };
  }

  async mute(subscription: Subscription, serial: number | undefined, muted: boolean): Promise<void> {
    if (!this.#state.members.has(subscription.clientId))
      return this.#answers.refuse(subscription, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    const outcome = await this.setMuted([subscription.clientId], muted);
    if ("refused" in outcome) return this.#answers.refuse(subscription, serial, outcome.refused);
    const change = { conversationId: this.#state.facts.id, updatedAt: outcome.updatedAt };
    this.#answers.reply(subscription, serial, replies.conversationUpdated(serial, change));
  }

  /** Switches push off or on for those of them who are members (M-46). */
  async setMuted(clientIds: readonly string[], muted: boolean): Promise<Changed | Refused> {
    if (this.#state.facts.kind === "temporary") return { refused: "NORMAL_CONVERSATION_REQUIRED" };
    for (const clientId of clientIds) {
      const member = this.#state.members.get(clientId);
      if (member !== undefined) this.#state.setMuted(member, muted);
    }
    const updatedAt = this.#state.change({}, this.#host.now());
    this.#host.archiveSoon();
    await this.#outbox.index();
    return { updatedAt };
  }

  maxRead(subscription: Subscription, command: CommandOf<"conversation.maxRead">): void {
    const { serial } = command;
    if (!this.#state.members.has(subscription.clientId)) {
      return this.#answers.refuse(subscription, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    }
    this.#receipts.save();
    const others = [...this.#state.members.values()].filter(
      ({ clientId }) => clientId !== subscription.clientId,
    );
    const marks = others
      .map((member) => this.#receipts.marksOf(member))
      .filter(({ deliveredAt }) => deliveredAt !== undefined);
    const answer = {
      conversationId: this.#state.facts.id,
      deliveredAt: latest(marks.map(({ deliveredAt }) => deliveredAt)),
      readAt: latest(marks.map(({ readAt }) => readAt)),
    };
    const members = command.allMembers ? { members: marks } : {};
    this.#answers.reply(subscription, serial, replies.maxRead(serial, { ...answer, ...members }));
  }

  count(subscription: Subscription, serial: number | undefined): void {
    if (!this.#host.rules().showMembers && !this.#state.members.has(subscription.clientId)) {
      return this.#answers.refuse(subscription, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    }
    const answer = { conversationId: this.#state.facts.id, count: this.#state.members.size };
    this.#answers.reply(subscription, serial, replies.memberCount(serial, answer));
  }

  #happened(
    name: "conversationStarted" | "conversationAdded" | "conversationRemoved",
    by: string,
    members: string[],
  ): void {
    this.#host.happened({ name, conversationId: this.#state.facts.id, by, members });
  }

  #record(change: ChangeInPlace): Uint8Array {
    return changeRecord(this.#state, { conversationId: this.#state.facts.id, ...change }, false);
  }
}

function latest(marks: (number | undefined)[]): number | undefined {
  return marks.reduce((last, mark) => (mark !== undefined && mark > (last ?? 0) ? mark : last), undefined);
}
