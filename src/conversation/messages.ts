import type { MessageRecord } from "../history/records.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import {
  joinRecords,
  type LogPlace,
  pushRecord,
  replyRecord,
  storedRecord,
  unreadRecord,
} from "../protocol/link-records.ts";
import * as pushes from "../protocol/pushes.ts";
import * as replies from "../protocol/replies.ts";
import { reason } from "../reason.ts";
import type { Answers } from "./answers.ts";
import type { Delivery } from "./delivery.ts";
import { GroupCommit } from "./group-commit.ts";
import { newMessageId } from "./ids.ts";
import type { Count, Link, Replay } from "./lanes.ts";
import { isFor } from "./log.ts";
import { hasReceipts, type Receipts } from "./receipts.ts";
import type { ConversationState } from "./state.ts";

type Send = { link: Link; command: CommandOf<"message.send"> };

export interface MessagesHost {
  now(): number;
  nextTick(run: () => void): void;
  /** Something was appended that D1 lacks. */
  archiveSoon(): void;
}

const HISTORY_DEFAULT = 20; // messages; SDKs always say how many (wire §4.9)
/** Longest that a message may be on its way to a device (ms): what SDKs are told is known is older than that. */
const IN_FLIGHT = 2_000;
const NOBODY = 0; // no session's origin
const HISTORY_LIMIT = 1000; // messages; SDKs ask for 100 at most, Java lets apps ask for 1000

/** What of a message only comes about later, or by the word of the app. */
const UNCHANGED = {
  patchedAt: undefined,
  recalled: false,
  recipients: undefined,
  address: undefined,
  deleted: false,
};

/** A message handed over in advance, sent when its author is lost (M-47). */
export type Will = Pick<MessageRecord, "id" | "content" | "mentionAll" | "mentions">;

/** What is said in a conversation: sending, history, and how far each member has read. */
export class Messages {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #receipts: Receipts;
  readonly #answers: Answers;
  readonly #host: MessagesHost;
  readonly #sends: GroupCommit<Send>;

  constructor(
    state: ConversationState,
    delivery: Delivery,
    receipts: Receipts,
    answers: Answers,
    host: MessagesHost,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#receipts = receipts;
    this.#answers = answers;
    this.#host = host;
    this.#sends = new GroupCommit((sends) => this.#commit(sends), host);
  }

  send(link: Link, command: CommandOf<"message.send">): void {
    if (!command.transient) return this.#sends.add({ link, command });
    this.#sends.flush();
    this.#sendTransient(link, command);
  }

  /** Before anything that has to come after the sends that already arrived. */
  flush(): void {
    this.#sends.flush();
  }

  /** Appends what gathered, in one stretch and one commit; answers and broadcasts leave once it is durable (I1). */
  #commit(sends: Send[]): void {
    const before = this.#state.log.end;
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
      const { links } = this.#delivery.audience();
      // A sender who alone spoke has his answer first: nothing of the broadcast is for him.
      for (const [link, own] of answers) {
        if (link.origin !== onlyOrigin) continue;
        this.#delivery.send(link, joinRecords(own));
        answers.delete(link);
      }
      for (const link of links) {
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
      const reply = replies.messageAccepted(serial, {
        conversationId: this.#state.facts.id,
        messageId: id,
        timestamp,
      });
      return replyRecord(serial, reply, place);
    };
    const refused = (error: ErrorName) => {
      if (serial === undefined) return undefined;
      const timestamp = this.#host.now();
      const refusal = {
        conversationId: this.#state.facts.id,
        error,
        messageId: newMessageId(timestamp),
        timestamp,
      };
      return replyRecord(serial, replies.messageRefused(serial, refusal));
    };
    try {
      if (!this.#state.members.has(link.clientId)) return refused("INVALID_MESSAGING_TARGET");
      const now = this.#host.now();
      const token = command.dedupeToken;
      const before =
        token === undefined ? undefined : this.#state.log.acceptedBefore(link.clientId, token, now);
      if (before !== undefined) return answered(before);
      const place = { timestamp: this.#state.tick(now), previous: this.#state.log.end };
      const message = messageOf(link.clientId, command, place.timestamp);
      this.#state.log.append(message, token, link.origin);
      const push = pushes.message({
        conversationId: this.#state.facts.id,
        kind: this.#state.facts.kind,
        message,
      });
      const traits = { acknowledge: hasReceipts(this.#state) };
      stored.push({ origin: link.origin, record: storedRecord(place, link.origin, traits, push) });
      return answered(message, place);
    } catch (error) {
      console.error("message.send:", reason(error));
      return refused("INTERNAL_ERROR");
    }
  }

  /** To those online now and to nobody later (I8). */
  #sendTransient(link: Link, command: CommandOf<"message.send">): void {
    const { serial } = command;
    const timestamp = this.#state.tick(this.#host.now());
    const message = messageOf(link.clientId, command, timestamp);
    if (!this.#state.members.has(link.clientId)) {
      const refusal = {
        conversationId: this.#state.facts.id,
        error: "INVALID_MESSAGING_TARGET" as const,
        timestamp,
      };
      return this.#answers.reply(
        link,
        serial,
        replies.messageRefused(serial, { ...refusal, messageId: message.id }),
      );
    }
    const { kind } = this.#state.facts;
    const record = pushRecord(
      pushes.message({ conversationId: this.#state.facts.id, kind, message, transient: true }),
    );
    const accepted = { conversationId: this.#state.facts.id, messageId: message.id, timestamp };
    this.#answers.reply(link, serial, replies.messageAccepted(serial, accepted));
    this.#delivery.pushToMembers({ fleeting: record }, { origin: link.origin });
  }

  history(link: Link, command: CommandOf<"message.history">): void {
    const { serial } = command;
    if (!this.#state.members.has(link.clientId))
      return this.#answers.refuse(link, serial, "CONVERSATION_LOG_REJECTED");
    const wanted = command.limit ?? HISTORY_DEFAULT;
    const limit = wanted < 0 ? HISTORY_DEFAULT : Math.min(wanted, HISTORY_LIMIT);
    const { direction, start, end, messageType } = command;
    const messages =
      limit === 0 ? [] : this.#state.log.page({ direction, start, end, messageType, limit }, link.clientId);
    const { id: conversationId, kind } = this.#state.facts;
    const page = { conversationId, kind, messages: this.#receipts.shown(messages) };
    this.#answers.reply(link, serial, replies.historyPage(serial, page));
  }

  read(link: Link, command: CommandOf<"read">): void {
    const member = this.#state.members.get(link.clientId);
    const mine = command.conversations.find(({ conversationId }) => conversationId === this.#state.facts.id);
    if (member !== undefined && mine !== undefined) {
      this.#receipts.read(member, mine.timestamp);
      this.#delivery.push([member.clientId], "unread");
    }
    this.#answers.reply(link, command.serial, replies.readConfirmed(command.serial));
  }

  /**
   * A will, to everybody online (M-47). It is told like any message but never kept (M-49), and one that was sent
   * already, or whose author has left, is dropped.
   */
  will(from: string, will: Will): void {
    if (!this.#state.members.has(from) || this.#state.notices.hasWill(will.id)) return;
    const timestamp = this.#state.tick(this.#host.now());
    this.#state.notices.keep({ kind: "will", messageId: will.id }, timestamp);
    const message = { ...will, from, timestamp, ...UNCHANGED, receipt: false };
    const { id: conversationId, kind } = this.#state.facts;
    const fleeting = pushRecord(pushes.message({ conversationId, kind, message }));
    this.#delivery.pushToMembers({ fleeting }, { origin: NOBODY });
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
    ...UNCHANGED,
  };
}

/** A member's unread count as it is now (Y-15); undefined for others. */
export function unreadOf(
  state: ConversationState,
  clientId: string,
  count: Count,
  now: number,
): Uint8Array | undefined {
  const member = state.members.get(clientId);
  if (member === undefined) return undefined;
  const changedAt = count === "recount" ? member.readMovedAt : now;
  const { count: unread, mentioned } = state.log.unread(clientId, member.readAt);
  const { id: conversationId, kind } = state.facts;
  const notifiedAt = now - IN_FLIGHT;
  const summary = { conversationId, kind, unread, mentioned };
  return unreadRecord(
    { upTo: state.log.end, changedAt },
    pushes.unread({ conversations: [summary], notifiedAt }),
  );
}

/**
 * Entries of the log after a time as one frame of records, for links and cold lanes. A client is shown nothing of
 * the time before it joined, and one that is no member nothing at all (I12), nor what is not for it or was deleted;
 * it is only told that it is past it.
 */
export function replayOf(
  state: ConversationState,
  clientId: string,
  after: number,
  limit: number,
): Replay | undefined {
  const visibleFrom = state.members.get(clientId)?.joinedAt ?? Number.MAX_SAFE_INTEGER;
  const records: Uint8Array[] = [];
  let previous = state.log.upTo(after);
  const hidden = state.log.upTo(visibleFrom);
  if (hidden > after) {
    records.push(passedRecord(hidden, previous));
    previous = hidden;
  }
  const entries = state.log.entriesAfter(Math.max(after, visibleFrom), limit + 1);
  const page = entries.slice(0, limit);
  const { id: conversationId, kind } = state.facts;
  for (const entry of page) {
    const { message, origin } = entry;
    const place = { timestamp: entry.at, previous };
    previous = entry.at;
    if (!isFor(clientId, message)) {
      records.push(passedRecord(place.timestamp, place.previous));
    } else if (entry.kind === "message") {
      const traits = { acknowledge: hasReceipts(state) };
      const push = pushes.message({ conversationId, kind, message });
      records.push(storedRecord(place, origin, traits, push));
    } else {
      // Also when this replay brings the message itself, in its final form: it may have come another way before.
      const push = pushes.patched({ conversationId, message });
      records.push(storedRecord(place, origin, { patch: true }, push));
    }
  }
  if (records.length === 0) return undefined;
  return { frame: joinRecords(records), upTo: previous, more: entries.length > limit };
}

/** An entry of the log that shows nothing: whoever gets it is past it. */
export function passedRecord(timestamp: number, previous: number): Uint8Array {
  return storedRecord({ timestamp, previous }, NOBODY, {}, new Uint8Array());
}
