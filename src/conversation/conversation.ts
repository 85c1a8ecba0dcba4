import type { ConversationRecord, MessageRecord } from "../history/records.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import {
  joinRecords,
  type LogPlace,
  pushRecord,
  replyRecord,
  storedRecord,
} from "../protocol/link-records.ts";
import * as pushes from "../protocol/pushes.ts";
import * as replies from "../protocol/replies.ts";
import { changeColumns } from "./attributes.ts";
import type { ConversationCommand } from "./commands.ts";
import type { Delivery, Link, Replay } from "./delivery.ts";
import { GroupCommit } from "./group-commit.ts";
import { newMessageId } from "./ids.ts";
import type { Outbox } from "./outbox.ts";
import type { ConversationState } from "./state.ts";

/** The limits a conversation keeps, from the settings. */
export interface ConversationLimits {
  members: number;
}

export interface ConversationHost {
  now(): number;
  nextTick(run: () => void): void;
  /** Something was written that D1 lacks: `Outbox.drain` is to run soon, even after a crash. */
  archiveSoon(): void;
  limits(): Promise<ConversationLimits>;
}

/** What a session is told about a conversation when it logs in (L5). */
export interface CatchUp {
  /** Head of the log: everything up to here is covered. */
  head: number;
  kind: ConversationRecord["kind"];
  unread: number;
  mentioned: boolean;
  lastMessage: MessageRecord | undefined;
}

type Send = { link: Link; command: CommandOf<"message.send"> };

const HISTORY_DEFAULT = 20; // messages; SDKs always say how many (wire §4.9)
const HISTORY_LIMIT = 1000; // messages; SDKs ask for 100 at most, Java lets apps ask for 1000
const ID_LIMIT = 64; // characters of a client id

/** The rules of one conversation: who may do what, what it changes, who is told. */
export class Conversation {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #outbox: Outbox;
  readonly #host: ConversationHost;
  readonly #sends: GroupCommit<Send>;

  constructor(state: ConversationState, delivery: Delivery, outbox: Outbox, host: ConversationHost) {
    this.#state = state;
    this.#delivery = delivery;
    this.#outbox = outbox;
    this.#host = host;
    this.#sends = new GroupCommit((sends) => this.#commit(sends), host.nextTick);
  }

  /** Answers one command of a linked session, by the identity of its link, whatever the frame claims (L8). */
  async handle(link: Link, command: ConversationCommand): Promise<void> {
    if (command.name === "message.send" && (command.will || !command.transient)) {
      this.#sends.add({ link, command });
      return;
    }
    this.#sends.flush(); // one sender's commands take effect in the order he gave them
    switch (command.name) {
      case "message.send":
        return this.#sendTransient(link, command);
      case "message.history":
        return this.#history(link, command);
      case "message.acknowledge":
        return;
      case "message.patch":
        return this.#refuse(link, command.serial, "UNSUPPORTED_COMMAND");
      case "read":
        return this.#read(link, command);
      case "conversation.add":
        return this.#add(link, command);
      case "conversation.remove":
        return this.#remove(link, command);
      case "conversation.update":
        return this.#update(link, command);
      case "conversation.mute":
        return this.#mute(link, command.serial, true);
      case "conversation.unmute":
        return this.#mute(link, command.serial, false);
      case "conversation.count": {
        const reply = { conversationId: this.#id, count: this.#state.members.size };
        return this.#reply(link, command.serial, replies.memberCount(command.serial, reply));
      }
      case "conversation.members":
        return this.#refuse(link, command.serial, "TRANSIENT_CONVERSATION_REQUIRED");
      case "conversation.maxRead":
        return this.#maxRead(link, command);
    }
  }

  /**
   * The unique conversation was asked for again (B-03): it is what it is, but whoever asks for a conversation
   * with himself in it and had left is let in again.
   */
  async startedAgain(by: string): Promise<void> {
    if (this.#state.members.has(by)) return;
    const { members } = await this.#host.limits();
    if (this.#state.members.size >= members) return;
    const updatedAt = this.#join([by]);
    await this.#outbox.index();
    this.#announceJoin([by], by, updatedAt);
  }

  /** Tells everybody but the creator, who is told together with the reply, that the conversation exists. */
  announceCreation(): void {
    const { creator, createdAt } = this.#state.facts;
    const members = [...this.#state.members.keys()];
    const others = members.filter((clientId) => clientId !== creator);
    this.#delivery.push(others, joinRecords(this.creationPushes(members, creator, createdAt)), true);
  }

  /** What each initial member is pushed (wire §5.1). */
  creationPushes(members: string[], by: string, updatedAt: number): Uint8Array[] {
    return [
      pushRecord(pushes.joined({ ...this.#kind, by, updatedAt })),
      pushRecord(pushes.membersJoined({ conversationId: this.#id, members, by, updatedAt })),
    ];
  }

  /** A client logged in whose inbox names this conversation; undefined when he is not a member (any more). */
  catchUp(clientId: string): CatchUp | undefined {
    this.#sends.flush();
    const member = this.#state.members.get(clientId);
    this.#delivery.caughtUp(clientId);
    if (member === undefined) return undefined;
    const unread = this.#state.log.unread(clientId, member.readAt);
    return {
      head: this.#state.log.head,
      kind: this.#state.facts.kind,
      unread: unread.count,
      mentioned: unread.mentioned,
      lastMessage: unread.count > 0 ? this.#state.log.last() : undefined,
    };
  }

  get #id(): string {
    return this.#state.facts.id;
  }

  get #kind() {
    const { id, kind, timeToLive } = this.#state.facts;
    return { conversationId: id, kind, timeToLive };
  }

  #reply(link: Link, serial: number | undefined, payload: Uint8Array): void {
    if (serial !== undefined) this.#delivery.send(link, replyRecord(serial, payload));
  }

  #refuse(link: Link, serial: number | undefined, error: ErrorName, detail?: string): void {
    this.#reply(link, serial, replies.errorReply(serial, error, { detail }));
  }

  /** Appends what gathered, in one stretch and one commit; answers and broadcasts leave once it is durable (I1). */
  #commit(sends: Send[]): void {
    const before = this.#state.log.head;
    const stored: { origin: number; record: Uint8Array }[] = [];
    const answers = new Map<Link, Uint8Array[]>();
    for (const { link, command } of sends) {
      const answer = this.#append(link, command, stored);
      if (answer === undefined) continue;
      const gathered = answers.get(link);
      if (gathered === undefined) answers.set(link, [answer]);
      else gathered.push(answer);
    }
    if (stored.length > 0) {
      const shared = joinRecords(stored.map(({ record }) => record));
      const [first] = stored;
      const onlyOrigin = stored.every(({ origin }) => origin === first?.origin) ? first?.origin : undefined;
      for (const link of this.#delivery.audience().links) {
        if (link.origin === onlyOrigin) continue;
        const own = answers.get(link);
        answers.delete(link);
        this.#delivery.send(link, own === undefined ? shared : joinRecords([shared, ...own]));
      }
      this.#host.archiveSoon();
    }
    for (const [link, own] of answers) this.#delivery.send(link, joinRecords(own));
    if (stored.length > 0) this.#delivery.storedAfter(before);
  }

  /** Appends one message, or finds it appended already; the record of the answer, if one is wanted. */
  #append(link: Link, command: Send["command"], stored: { origin: number; record: Uint8Array }[]) {
    const { serial } = command;
    const answered = ({ timestamp, id }: { timestamp: number; id: string }, place?: LogPlace) => {
      if (serial === undefined) return undefined;
      const reply = replies.messageAccepted(serial, { conversationId: this.#id, messageId: id, timestamp });
      return replyRecord(serial, reply, place);
    };
    const refused = (error: ErrorName) => {
      if (serial === undefined) return undefined;
      const timestamp = this.#host.now();
      const refusal = { conversationId: this.#id, error, messageId: newMessageId(timestamp), timestamp };
      return replyRecord(serial, replies.messageRefused(serial, refusal));
    };
    try {
      if (!this.#state.members.has(link.clientId)) return refused("INVALID_MESSAGING_TARGET");
      if (command.will) return refused("UNSUPPORTED_COMMAND");
      const now = this.#host.now();
      const token = command.dedupeToken;
      const before =
        token === undefined ? undefined : this.#state.log.acceptedBefore(link.clientId, token, now);
      if (before !== undefined) return answered(before);
      const place = { timestamp: this.#state.tick(now), previous: this.#state.log.head };
      const message = messageOf(link.clientId, command, place.timestamp);
      this.#state.log.append(message, token, link.origin);
      const push = pushes.message({ conversationId: this.#id, kind: this.#state.facts.kind, message });
      stored.push({ origin: link.origin, record: storedRecord(place, link.origin, push) });
      return answered(message, place);
    } catch (error) {
      console.error("message.send", error);
      return refused("INTERNAL_ERROR");
    }
  }

  /** To those online now and to nobody later (I8). */
  #sendTransient(link: Link, command: CommandOf<"message.send">): void {
    const { serial } = command;
    const timestamp = this.#state.tick(this.#host.now());
    const message = messageOf(link.clientId, command, timestamp);
    if (!this.#state.members.has(link.clientId)) {
      const refusal = { conversationId: this.#id, error: "INVALID_MESSAGING_TARGET" as const, timestamp };
      return this.#reply(link, serial, replies.messageRefused(serial, { ...refusal, messageId: message.id }));
    }
    const { kind } = this.#state.facts;
    const record = pushRecord(pushes.message({ conversationId: this.#id, kind, message, transient: true }));
    const { links, others } = this.#delivery.audience();
    const accepted = { conversationId: this.#id, messageId: message.id, timestamp };
    this.#reply(link, serial, replies.messageAccepted(serial, accepted));
    for (const other of [...links]) if (other.origin !== link.origin) this.#delivery.send(other, record);
    this.#delivery.push([...others], record);
  }

  #history(link: Link, command: CommandOf<"message.history">): void {
    const { serial } = command;
    if (!this.#state.members.has(link.clientId))
      return this.#refuse(link, serial, "CONVERSATION_LOG_REJECTED");
    const wanted = command.limit ?? HISTORY_DEFAULT;
    const limit = wanted < 0 ? HISTORY_DEFAULT : Math.min(wanted, HISTORY_LIMIT);
    const { direction, start, end, messageType } = command;
    const messages = limit === 0 ? [] : this.#state.log.page({ direction, start, end, messageType, limit });
    const page = { conversationId: this.#id, kind: this.#state.facts.kind, messages };
    this.#reply(link, serial, replies.historyPage(serial, page));
  }

  #read(link: Link, command: CommandOf<"read">): void {
    const member = this.#state.members.get(link.clientId);
    const mine = command.conversations.find(({ conversationId }) => conversationId === this.#id);
    if (member !== undefined && mine !== undefined) {
      this.#state.read(member, mine.timestamp ?? this.#state.log.head);
      const { count, mentioned } = this.#state.log.unread(member.clientId, member.readAt);
      const summary = { ...this.#kind, unread: count, mentioned };
      const push = pushes.unread({ conversations: [summary], notifiedAt: this.#host.now() });
      this.#delivery.push([member.clientId], pushRecord(push));
    }
    this.#reply(link, command.serial, replies.readConfirmed(command.serial));
  }

  async #add(link: Link, command: CommandOf<"conversation.add">): Promise<void> {
    const { serial } = command;
    if (this.#state.facts.kind !== "normal")
      return this.#refuse(link, serial, "NORMAL_CONVERSATION_REQUIRED");
    const limits = await this.#host.limits();
    const { members } = this.#state;
    const wanted = [...new Set(command.members)];
    const invalid = wanted.filter((clientId) => !isClientId(clientId));
    const allowed = wanted.filter(isClientId);
    const newcomers = allowed.filter((clientId) => !members.has(clientId)).toSorted();
    const onlySelf = wanted.every((clientId) => clientId === link.clientId);
    if (!members.has(link.clientId) && !onlySelf) {
      return this.#refuse(link, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    }
    if (newcomers.length > 0 && members.size + newcomers.length > limits.members) {
      return this.#refuse(link, serial, "CONVERSATION_FULL");
    }
    const updatedAt = newcomers.length === 0 ? this.#state.facts.updatedAt : this.#join(newcomers);
    await this.#outbox.index();
    const failed = invalid.length === 0 ? [] : [{ error: "INVALID_LOGIN" as const, clientIds: invalid }];
    const outcome = { conversationId: this.#id, allowed, failed, updatedAt };
    this.#reply(link, serial, replies.membersAdded(serial, outcome));
    if (newcomers.length > 0) this.#announceJoin(newcomers, link.clientId, updatedAt);
  }

  #join(newcomers: string[]): number {
    const updatedAt = this.#state.change({}, this.#host.now());
    for (const clientId of newcomers) this.#state.addMember(clientId, updatedAt);
    this.#delivery.audienceChanged();
    this.#host.archiveSoon();
    return updatedAt;
  }

  #announceJoin(newcomers: string[], by: string, updatedAt: number): void {
    this.#delivery.push(newcomers, pushRecord(pushes.joined({ ...this.#kind, by, updatedAt })), true);
    const joined = pushes.membersJoined({ conversationId: this.#id, members: newcomers, by, updatedAt });
    this.#delivery.push([...this.#state.members.keys()], pushRecord(joined), true);
  }

  async #remove(link: Link, command: CommandOf<"conversation.remove">): Promise<void> {
    const { serial } = command;
    if (this.#state.facts.kind !== "normal")
      return this.#refuse(link, serial, "NORMAL_CONVERSATION_REQUIRED");
    const { members } = this.#state;
    const wanted = [...new Set(command.members)];
    const onlySelf = wanted.every((clientId) => clientId === link.clientId);
    if (!members.has(link.clientId) && !onlySelf) {
      return this.#refuse(link, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    }
    const gone = wanted.filter((clientId) => members.has(clientId));
    let { updatedAt } = this.#state.facts;
    if (gone.length > 0) {
      updatedAt = this.#state.change({}, this.#host.now());
      for (const clientId of gone) this.#state.removeMember(clientId);
      this.#delivery.audienceChanged();
      this.#host.archiveSoon();
    }
    await this.#outbox.index();
    const outcome = { conversationId: this.#id, allowed: wanted, failed: [], updatedAt };
    this.#reply(link, serial, replies.membersRemoved(serial, outcome));
    if (gone.length === 0) return;
    const change = { conversationId: this.#id, by: link.clientId, updatedAt };
    this.#delivery.push(gone, pushRecord(pushes.left(change)), true);
    const left = pushes.membersLeft({ ...change, members: gone });
    this.#delivery.push([...this.#state.members.keys()], pushRecord(left), true);
  }

  async #update(link: Link, command: CommandOf<"conversation.update">): Promise<void> {
    const { serial } = command;
    const { kind, name, attributes, columns } = this.#state.facts;
    if (kind !== "normal") return this.#refuse(link, serial, "NORMAL_CONVERSATION_REQUIRED");
    if (!this.#state.members.has(link.clientId))
      return this.#refuse(link, serial, "CONVERSATION_UPDATE_REJECTED");
    const outcome = changeColumns({ name, attributes, columns }, command.changes);
    if ("refused" in outcome)
      return this.#refuse(link, serial, "CONVERSATION_UPDATE_FAILED", outcome.refused);
    const updatedAt = this.#state.change(outcome.after, this.#host.now());
    this.#host.archiveSoon();
    await this.#outbox.index();
    const change = {
      conversationId: this.#id,
      updatedAt,
      changed: outcome.changed,
      resulting: outcome.resulting,
    };
    this.#reply(link, serial, replies.conversationUpdated(serial, change));
    // Everybody but the session that did it: the same client's other devices want to know (wire §5.1).
    const record = pushRecord(pushes.conversationChanged({ ...change, by: link.clientId }));
    const { links, others } = this.#delivery.audience();
    for (const other of [...links]) if (other.origin !== link.origin) this.#delivery.send(other, record);
    this.#delivery.push([...others], record, true);
  }

  async #mute(link: Link, serial: number | undefined, muted: boolean): Promise<void> {
    if (this.#state.facts.kind === "temporary")
      return this.#refuse(link, serial, "NORMAL_CONVERSATION_REQUIRED");
    const member = this.#state.members.get(link.clientId);
    if (member === undefined) return this.#refuse(link, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    this.#state.setMuted(member, muted);
    const updatedAt = this.#state.change({}, this.#host.now());
    this.#host.archiveSoon();
    await this.#outbox.index();
    this.#reply(link, serial, replies.conversationUpdated(serial, { conversationId: this.#id, updatedAt }));
  }

  #maxRead(link: Link, command: CommandOf<"conversation.maxRead">): void {
    const { serial } = command;
    if (!this.#state.members.has(link.clientId)) {
      return this.#refuse(link, serial, "CONVERSATION_MEMBERSHIP_REQUIRED");
    }
    const marks = [...this.#state.members.values()]
      .filter(({ clientId, readAt, joinedAt }) => clientId !== link.clientId && readAt > joinedAt)
      .map(({ clientId, readAt }) => ({ clientId, deliveredAt: readAt, readAt }));
    const latest = marks.length === 0 ? undefined : Math.max(...marks.map(({ readAt }) => readAt));
    const answer = { conversationId: this.#id, deliveredAt: latest, readAt: latest };
    const members = command.allMembers ? { members: marks } : {};
    this.#reply(link, serial, replies.maxRead(serial, { ...answer, ...members }));
  }
}

function messageOf(from: string, command: CommandOf<"message.send">, timestamp: number): MessageRecord {
  return {
    timestamp,
    id: newMessageId(timestamp),
    from,
    content: command.content,
    mentionAll: command.mentionAll,
    mentions: command.mentions,
    receipt: command.receipt,
    patchedAt: undefined,
    recalled: false,
  };
}

/** 1 to 64 characters without control characters (C-01); real apps' ids begin with digits too. */
export function isClientId(id: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return id.length >= 1 && id.length <= ID_LIMIT && !/[\u0000-\u001f\u007f]/.test(id);
}

/** Stored messages after a timestamp as one frame of records, for links and cold lanes. */
export function replayOf(state: ConversationState, after: number, limit: number): Replay | undefined {
  const rows = state.log.after(after, limit + 1);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  if (last === undefined) return undefined;
  const { id: conversationId, kind } = state.facts;
  let previous = state.log.upTo(after);
  const records = page.map(({ message, origin }) => {
    const place = { timestamp: message.timestamp, previous };
    previous = message.timestamp;
    return storedRecord(place, origin, pushes.message({ conversationId, kind, message }));
  });
  return { frame: joinRecords(records), upTo: last.message.timestamp, more: rows.length > limit };
}
