import type { CommandOf } from "../protocol/commands.ts";
import { joinRecords, noticeRecord } from "../protocol/link-records.ts";
import * as replies from "../protocol/replies.ts";
import type { Answers } from "./answers.ts";
import { changeColumns } from "./attributes.ts";
import { isClientId } from "./client-id.ts";
import type { Delivery } from "./delivery.ts";
import type { Link } from "./lanes.ts";
import { passedRecord } from "./messages.ts";
import { changeRecord } from "./notice-records.ts";
import type { Notification } from "./notices.ts";
import type { Outbox } from "./outbox.ts";
import type { Receipts } from "./receipts.ts";
import type { ConversationState } from "./state.ts";

/** The limits a conversation keeps, from the settings. */
export interface ConversationLimits {
  members: number;
}

export interface MembershipHost {
  now(): number;
  /** Something changed that D1 lacks. */
  archiveSoon(): void;
  /** As last read; `conversation.ts` sees to it that they are fresh where they matter. */
  limits(): ConversationLimits;
}

type ChangeInPlace<N = Exclude<Notification, { kind: "receipt" }>> = N extends Notification
  ? Omit<N, "conversationId">
  : never;

/** Who is in a conversation and what it is called: each change is told to D1 first, then to everybody. */
export class Membership {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #outbox: Outbox;
  readonly #receipts: Receipts;
  readonly #answers: Answers;
  readonly #host: MembershipHost;

  constructor(
    state: ConversationState,
    delivery: Delivery,
    receipts: Receipts,
    outbox: Outbox,
    answers: Answers,
    host: MembershipHost,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#receipts = receipts;
    this.#outbox = outbox;
    this.#answers = answers;
    this.#host = host;
  }

  /**
   * The unique conversation was asked for again (B-03): it is what it is, but whoever asks for a conversation
   * with himself in it and had left is let in again.
   */
  async startedAgain(by: string): Promise<void> {
    if (this.#state.members.has(by)) return;
    const { members } = this.#host.limits();
    if (this.#state.members.size >= members) return;
    const updatedAt = this.#join([by], by);
    await this.#outbox.index();
    this.#announceJoin([by], by, updatedAt);
  }

  /** Tells everybody but the creator, who is told together with the reply, that the conversation exists. */
  announceCreation(): void {
    const members = [...this.#state.members.keys()];
    const others = members.filter((clientId) => clientId !== this.#state.facts.creator);
    this.#delivery.push(others, joinRecords(this.creationNotices()), this.#state.facts.createdAt);
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

  async add(link: Link, command: CommandOf<"conversation.add">): Promise<void> {
    const { serial } = command;
    if (this.#state.facts.kind !== "normal")
      return this.#answers.refuse(link, serial, "NORMAL_CONVERSATION_REQUIRED");
    const limits = this.#host.limits();
    const { members } = this.#state;
    const wanted = [...new Set(command.members)];
    const invalid = wanted.filter((clientId) => !isClientId(clientId));
    const allowed = wanted.filter(isClientId);
    const newcomers = allowed.filter((clientId) => !members.has(clientId)).toSorted();
    const onlySelf = wanted.every((clientId) => clientId === link.clientId);
    if (!members.has(link.clientId) && !onlySelf) {
      return this.#answers.refuse(link, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    }
    if (newcomers.length > 0 && members.size + newcomers.length > limits.members) {
      return this.#answers.refuse(link, serial, "CONVERSATION_FULL");
    }
    const updatedAt =
      newcomers.length === 0 ? this.#state.facts.updatedAt : this.#join(newcomers, link.clientId);
    await this.#outbox.index();
    const failed = invalid.length === 0 ? [] : [{ error: "INVALID_LOGIN" as const, clientIds: invalid }];
    const outcome = { conversationId: this.#state.facts.id, allowed, failed, updatedAt };
    this.#answers.reply(link, serial, replies.membersAdded(serial, outcome));
    if (newcomers.length > 0) this.#announceJoin(newcomers, link.clientId, updatedAt);
  }

  #join(newcomers: string[], by: string): number {
    const updatedAt = this.#state.change({}, this.#host.now());
    this.#state.notices.keep({ kind: "joined", by, members: newcomers }, updatedAt);
    this.#state.addMembers(newcomers, updatedAt);
    this.#delivery.audienceChanged();
    this.#host.archiveSoon();
    return updatedAt;
  }

  #announceJoin(newcomers: string[], by: string, updatedAt: number): void {
    const at = updatedAt;
    const joined = this.#record({ kind: "joined", at, by });
    // Their links, where they have some, begin here: what was said so far did not come over them.
    this.#delivery.push(newcomers, joinRecords([passedRecord(this.#state.log.end, 0), joined]), at);
    // What was said before he came (back) is not unread, whatever his devices counted once.
    const returning = newcomers.filter(
      (clientId) => this.#state.members.get(clientId)?.readMovedAt === updatedAt,
    );
    this.#delivery.push(returning, "unread");
    const membersJoined = this.#record({ kind: "membersJoined", at, by, members: newcomers });
    this.#delivery.push([...this.#state.members.keys()], membersJoined, at);
  }

  async remove(link: Link, command: CommandOf<"conversation.remove">): Promise<void> {
    const { serial } = command;
    if (this.#state.facts.kind !== "normal")
      return this.#answers.refuse(link, serial, "NORMAL_CONVERSATION_REQUIRED");
    const { members } = this.#state;
    const wanted = [...new Set(command.members)];
    const onlySelf = wanted.every((clientId) => clientId === link.clientId);
    if (!members.has(link.clientId) && !onlySelf) {
      return this.#answers.refuse(link, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    }
    const gone = wanted.filter((clientId) => members.has(clientId));
    let { updatedAt } = this.#state.facts;
    if (gone.length > 0) {
      updatedAt = this.#state.change({}, this.#host.now());
      this.#state.notices.keep({ kind: "left", by: link.clientId, members: gone }, updatedAt);
      for (const clientId of gone) this.#state.removeMember(clientId);
      this.#delivery.audienceChanged();
      this.#host.archiveSoon();
    }
    await this.#outbox.index();
    const outcome = { conversationId: this.#state.facts.id, allowed: wanted, failed: [], updatedAt };
    this.#answers.reply(link, serial, replies.membersRemoved(serial, outcome));
    if (gone.length === 0) return;
    const change = { by: link.clientId, at: updatedAt };
    this.#delivery.push(gone, this.#record({ kind: "left", ...change }), updatedAt);
    const left = this.#record({ kind: "membersLeft", ...change, members: gone });
    this.#delivery.push([...this.#state.members.keys()], left, updatedAt);
  }

  async update(link: Link, command: CommandOf<"conversation.update">): Promise<void> {
    const { serial } = command;
    const { kind, name, attributes, columns } = this.#state.facts;
    if (kind !== "normal") return this.#answers.refuse(link, serial, "NORMAL_CONVERSATION_REQUIRED");
    if (!this.#state.members.has(link.clientId))
      return this.#answers.refuse(link, serial, "CONVERSATION_UPDATE_REJECTED");
    const outcome = changeColumns({ name, attributes, columns }, command.changes);
    if ("refused" in outcome)
      return this.#answers.refuse(link, serial, "CONVERSATION_UPDATE_FAILED", outcome.refused);
    const updatedAt = this.#state.change(outcome.after, this.#host.now());
    const { changed, resulting } = outcome;
    this.#state.notices.keep({ kind: "updated", by: link.clientId, changed, resulting }, updatedAt);
    this.#host.archiveSoon();
    await this.#outbox.index();
    const change = { conversationId: this.#state.facts.id, updatedAt, changed, resulting };
    this.#answers.reply(link, serial, replies.conversationUpdated(serial, change));
    // Everybody but the session that did it: the same client's other devices want to know (wire §5.1).
    const notice = { kind: "updated" as const, at: updatedAt, by: link.clientId, changed, resulting };
    const own = noticeRecord(updatedAt, false, new Uint8Array());
    this.#delivery.pushToMembers(this.#record(notice), { origin: link.origin, own, noticedAt: updatedAt });
  }

  async mute(link: Link, serial: number | undefined, muted: boolean): Promise<void> {
    if (this.#state.facts.kind === "temporary")
      return this.#answers.refuse(link, serial, "NORMAL_CONVERSATION_REQUIRED");
    const member = this.#state.members.get(link.clientId);
    if (member === undefined) return this.#answers.refuse(link, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    this.#state.setMuted(member, muted);
    const updatedAt = this.#state.change({}, this.#host.now());
    this.#host.archiveSoon();
    await this.#outbox.index();
    this.#answers.reply(
      link,
      serial,
      replies.conversationUpdated(serial, { conversationId: this.#state.facts.id, updatedAt }),
    );
  }

  maxRead(link: Link, command: CommandOf<"conversation.maxRead">): void {
    const { serial } = command;
    if (!this.#state.members.has(link.clientId)) {
      return this.#answers.refuse(link, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    }
    this.#receipts.save();
    const others = [...this.#state.members.values()].filter(({ clientId }) => clientId !== link.clientId);
    const marks = others
      .map((member) => this.#receipts.marksOf(member))
      .filter(({ deliveredAt }) => deliveredAt !== undefined);
    const answer = {
      conversationId: this.#state.facts.id,
      deliveredAt: latest(marks.map(({ deliveredAt }) => deliveredAt)),
      readAt: latest(marks.map(({ readAt }) => readAt)),
    };
    const members = command.allMembers ? { members: marks } : {};
    this.#answers.reply(link, serial, replies.maxRead(serial, { ...answer, ...members }));
  }

  count(link: Link, serial: number | undefined): void {
    const answer = { conversationId: this.#state.facts.id, count: this.#state.members.size };
    this.#answers.reply(link, serial, replies.memberCount(serial, answer));
  }

  #record(change: ChangeInPlace): Uint8Array {
    return changeRecord(this.#state, { conversationId: this.#state.facts.id, ...change }, false);
  }
}

function latest(marks: (number | undefined)[]): number | undefined {
  return marks.reduce((last, mark) => (mark !== undefined && mark > (last ?? 0) ? mark : last), undefined);
}
