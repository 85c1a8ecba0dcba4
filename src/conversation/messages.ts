import { loggableError } from "../loggable-error.ts";
import type { MessageRecord, Will } from "../model/records.ts";
import * as clientEvents from "../protocol/client-events.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import {
  controlRecord,
  correctionRecord,
  eventRecord,
  joinRecords,
  type LogPosition,
  replyRecord,
  storedRecord,
} from "../protocol/link-records.ts";
import type { Refused } from "../protocol/outcome.ts";
import * as replies from "../protocol/replies.ts";
import { SEEN_VERSION_LIFETIME } from "../protocol/seen-version.ts";
import type { Settings } from "../settings/schema.ts";
import type { Delivery } from "./delivery.ts";
import type { Subscription } from "./delivery-state.ts";
import { changeOf, type Draft, isPushedBy, messageOf, UNCHANGED } from "./draft.ts";
import { GroupCommit, type GroupCommitHost } from "./group-commit.ts";
import type { HistoryRequest } from "./history-pages.ts";
import { newMessageId } from "./ids.ts";
import type { Approved, Rejection } from "./policy.ts";
import { hasReceipts, type Receipts } from "./receipts.ts";
import { NO_ORIGIN, skippedEntryRecord, unreadOf } from "./replay.ts";
import type { Replier } from "./replier.ts";
import type { ConversationState } from "./state.ts";
import { historyVisibleFrom, isDeliveredTo } from "./visibility.ts";

/** A message to append, and who waits for the outcome. */
type Send = Draft & {
  waits: { subscription: Subscription; serial: number | undefined } | { done: (outcome: Stored) => void };
};

type Stored = { messageId: string; timestamp: number } | Refused;

/** A message stored in a commit, with its record for subscribers. */
interface StoredMessage {
  message: MessageRecord;
  origin: number;
  position: LogPosition;
  record: Uint8Array;
  about: Pick<Draft, "pushData" | "isPushed">;
}

export interface MessagesHost extends GroupCommitHost {
  /** As last read. */
  settings(): Settings;
  /** Runs its argument in a later turn, even if the clock stands still. */
  nextTick(run: () => void): void;
  /** Something was appended that D1 lacks. */
  archiveSoon(): void;
}

/** Called for every sent message, in the turn that stores it. Must not throw. */
export type Sent = (
  message: MessageRecord,
  about: { transient: boolean } & Pick<Draft, "pushData" | "isPushed">,
) => void;

const HISTORY_DEFAULT = 20; // messages; SDKs always say how many (wire §4.9)
const HISTORY_LIMIT = 1000; // messages; SDKs ask for 100 at most, Java lets apps ask for 1000

/** The messages of a conversation: sending, history and read cursors. */
export class Messages {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #receipts: Receipts;
  readonly #replier: Replier;
  readonly #host: MessagesHost;
  readonly #onSent: Sent;
  readonly #sends: GroupCommit<Send>;

  constructor(
    state: ConversationState,
    delivery: Delivery,
    receipts: Receipts,
    replier: Replier,
    host: MessagesHost,
    sent: Sent,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#receipts = receipts;
    this.#replier = replier;
    this.#host = host;
    this.#onSent = sent;
    this.#sends = new GroupCommit((sends) => this.#commit(sends), host);
  }

  /** @param approved the verdict of the app's policy */
  send(subscription: Subscription, command: CommandOf<"message.send">, approved: Approved): void {
    const { receipt, mentionAll, mentions, dedupeToken, pushData, serial } = command;
    const draft: Draft = {
      from: subscription.clientId,
      origin: subscription.origin,
      content: approved.content ?? command.content,
      receipt,
      mentionAll,
      mentions,
      dedupeToken,
      pushData,
      address: subscription.address,
      isPushed: isPushedBy(command.pushes, pushData),
      recipients: approved.to,
      noSync: false,
      changed: changeOf(approved),
    };
    if (!command.transient) return this.#sends.add({ ...draft, waits: { subscription, serial } });
    this.#sends.flush();
    this.#sendTransient(subscription, serial, draft);
  }

  /** Sends a message of the app's server (http-api §2.2) in the name of anybody, member or not. */
  async sendAsServer(draft: Draft, transient: boolean): Promise<Stored> {
    if (!transient) return new Promise((done) => this.#sends.add({ ...draft, waits: { done } }));
    this.#sends.flush();
    const message = messageOf(draft, this.#state.nextTime(this.#host.now()));
    this.#sendOnce(draft, message);
    return { messageId: message.id, timestamp: message.timestamp };
  }

  /** Rejects a send by the app's policy; Swift needs an id and a time in the reply. */
  reject(subscription: Subscription, serial: number | undefined, rejection: Rejection): void {
    const timestamp = this.#host.now();
    const details = { conversationId: this.#state.facts.id, messageId: newMessageId(timestamp), timestamp };
    this.#replier.reply(subscription, serial, replies.messageRefused(serial, { ...details, ...rejection }));
  }

  /** Whether a message needs no policy check: it will be refused, or was accepted already (I3). */
  isDecided(subscription: Subscription, { dedupeToken }: CommandOf<"message.send">): boolean {
    const { members, log } = this.#state;
    if (!members.has(subscription.clientId)) return true;
    this.#sends.flush();
    return (
      dedupeToken !== undefined &&
      log.accepted.find(subscription.clientId, dedupeToken, this.#host.now()) !== undefined
    );
  }

  /** Commits the waiting sends, before something that must follow them. */
  flush(): void {
    this.#sends.flush();
  }

  /** Appends the waiting messages in one commit; replies and broadcasts leave once it is durable (I1). */
  #commit(sends: Send[]): void {
    const before = this.#state.log.end;
    const stored: StoredMessage[] = [];
    const outgoing = new Map<Subscription, Uint8Array[]>();
    for (const send of sends) {
      const { outcome, position, records } = this.#append(send, stored);
      const { waits } = send;
      if ("done" in waits) waits.done(outcome);
      else this.#addReply(outgoing, waits, outcome, position, records);
    }
    for (const { message, about } of stored) this.#onSent(message, { transient: false, ...about });
    if (stored.length > 0) this.#broadcast(stored, outgoing);
    for (const [subscription, own] of outgoing) this.#delivery.send(subscription, joinRecords(own));
    if (stored.length === 0) return;
    this.#delivery.storedAfter(before);
    // After the delivery's alarm: one alarm serves both, and setting it costs a row each time.
    this.#host.archiveSoon();
  }

  #addReply(
    outgoing: Map<Subscription, Uint8Array[]>,
    { subscription, serial }: { subscription: Subscription; serial: number | undefined },
    outcome: Stored,
    position: LogPosition | undefined,
    records: Uint8Array[],
  ): void {
    const gathered = outgoing.get(subscription) ?? [];
    if (serial !== undefined) gathered.push(replyRecord(serial, this.#replyTo(serial, outcome), position));
    gathered.push(...records);
    if (gathered.length > 0) outgoing.set(subscription, gathered);
  }

  #replyTo(serial: number, outcome: Stored): Uint8Array {
    const { id: conversationId } = this.#state.facts;
    if (!("refused" in outcome)) return replies.messageAccepted(serial, { conversationId, ...outcome });
    const timestamp = this.#host.now();
    const refusal = { error: outcome.refused, messageId: newMessageId(timestamp), timestamp };
    return replies.messageRefused(serial, { conversationId, ...refusal });
  }

  /** To all subscriptions, each with its own replies; replies that were sent are removed from `outgoing`. */
  #broadcast(stored: StoredMessage[], outgoing: Map<Subscription, Uint8Array[]>): void {
    const shared = joinRecords(stored.map(({ record }) => record));
    const forAll = stored.every(({ message }) => message.recipients === undefined && !message.noSync);
    const [first] = stored;
    const onlyOrigin = stored.every(({ origin }) => origin === first?.origin) ? first?.origin : undefined;
    const { subscriptions } = this.#delivery.audience();
    // If a single session sent everything, its replies go first: it gets nothing of the broadcast.
    for (const [subscription, own] of outgoing) {
      if (subscription.origin !== onlyOrigin) continue;
      this.#delivery.send(subscription, joinRecords(own));
      outgoing.delete(subscription);
    }
    for (const subscription of subscriptions) {
      if (subscription.origin === onlyOrigin && onlyOrigin !== NO_ORIGIN) continue;
      const frame = forAll ? shared : joinRecords(stored.map((each) => shownTo(subscription.clientId, each)));
      const own = outgoing.get(subscription);
      outgoing.delete(subscription);
      this.#delivery.send(subscription, own === undefined ? frame : joinRecords([frame, ...own]));
    }
  }

  /** Appends one message, or finds it appended already; with records for its sender beside the reply. */
  #append(
    send: Send,
    stored: StoredMessage[],
  ): { outcome: Stored; position?: LogPosition; records: Uint8Array[] } {
    const refused = (error: ErrorName) => ({ outcome: { refused: error }, records: [] });
    const { from, origin, dedupeToken: token, changed } = send;
    try {
      // The app's server may send in the name of anybody.
      if ("subscription" in send.waits && !this.#state.members.has(from))
        return refused("INVALID_MESSAGING_TARGET");
      const now = this.#host.now();
      const before = token === undefined ? undefined : this.#state.log.accepted.find(from, token, now);
      if (before !== undefined) {
        return { outcome: { messageId: before.id, timestamp: before.timestamp }, records: [] };
      }
      const position = { timestamp: this.#state.nextTime(now), previous: this.#state.log.end };
      const message = messageOf(send, position.timestamp);
      this.#state.log.append(message, token, origin);
      const { id: conversationId, kind } = this.#state.facts;
      const event = clientEvents.message({ conversationId, kind, message });
      const traits = { acknowledge: hasReceipts(this.#state) };
      const record = storedRecord(position, origin, traits, event);
      const { pushData, isPushed } = send;
      stored.push({ message, origin, position, record, about: { pushData, isPushed } });
      const outcome = { messageId: message.id, timestamp: message.timestamp };
      return {
        outcome,
        position,
        records: changed === undefined ? [] : [this.#correction(message, changed)],
      };
    } catch (error) {
      console.error("message.send:", loggableError(error));
      return refused("INTERNAL_ERROR");
    }
  }

  /** Sends the final text to the sending session: everybody else receives it changed (M-18). */
  #correction(message: MessageRecord, reason: { code: number; detail: string }): Uint8Array {
    const { id: conversationId } = this.#state.facts;
    const patched = { ...message, patchedAt: message.timestamp };
    return correctionRecord(clientEvents.patched({ conversationId, message: patched, reason }));
  }

  /** Sends to clients that are online now, and to none later (I8). */
  #sendTransient(subscription: Subscription, serial: number | undefined, draft: Draft): void {
    const message = messageOf(draft, this.#state.nextTime(this.#host.now()));
    const outcome: Stored = this.#state.members.has(subscription.clientId)
      ? { messageId: message.id, timestamp: message.timestamp }
      : { refused: "INVALID_MESSAGING_TARGET" };
    if (serial !== undefined) this.#replier.reply(subscription, serial, this.#replyTo(serial, outcome));
    if ("refused" in outcome) return;
    this.#sendOnce(draft, message);
    if (draft.changed !== undefined)
      this.#delivery.send(subscription, this.#correction(message, draft.changed));
  }

  #sendOnce(draft: Draft, message: MessageRecord): void {
    const { id: conversationId, kind } = this.#state.facts;
    const ephemeral = eventRecord(clientEvents.message({ conversationId, kind, message, transient: true }));
    const isFor = (clientId: string) => isDeliveredTo(clientId, message);
    this.#delivery.notifyMembers({ ephemeral }, { origin: draft.origin, isFor });
    this.#onSent(message, { transient: true, pushData: undefined, isPushed: false });
  }

  async history(subscription: Subscription, command: CommandOf<"message.history">): Promise<void> {
    const { serial } = command;
    const isMember = () => this.#state.members.has(subscription.clientId);
    const reject = () => this.#replier.refuse(subscription, serial, "CONVERSATION_LOG_REJECTED");
    if (!isMember()) return reject();
    const requested = command.limit ?? HISTORY_DEFAULT;
    const limit = requested < 0 ? HISTORY_DEFAULT : Math.min(requested, HISTORY_LIMIT);
    const { direction, start, end, messageType } = command;
    const request = { direction, start, end, messageType, limit };
    const messages = limit === 0 ? [] : await this.page(request, subscription.clientId);
    if (!isMember()) return reject(); // not any more
    const { id: conversationId, kind } = this.#state.facts;
    const page = { conversationId, kind, messages: this.#receipts.withReceipts(messages) };
    const upTo = messages.reduce(
      (last, message) => Math.max(last, message.patchedAt ?? message.timestamp),
      0,
    );
    if (upTo > this.#host.now() - SEEN_VERSION_LIFETIME) {
      this.#delivery.send(subscription, controlRecord({ type: "shown", upTo }));
    }
    this.#replier.reply(subscription, serial, replies.historyPage(serial, page));
  }

  /** A page of history that this viewer may see. A long search yields to other work. */
  async page(request: HistoryRequest, viewer: string | undefined): Promise<MessageRecord[]> {
    const turns = this.#state.log.history.inSlices(this.#sinceJoining(request, viewer), viewer);
    for (;;) {
      const turn = turns.next();
      if (turn.done) return turn.value;
      await new Promise<void>((resolve) => this.#host.nextTick(resolve));
    }
  }

  /** If the app shows members only what was sent since they joined, no page goes further back. */
  #sinceJoining(request: HistoryRequest, viewer: string | undefined): HistoryRequest {
    const member = viewer === undefined ? undefined : this.#state.members.get(viewer);
    const from = member === undefined ? 0 : historyVisibleFrom(this.#host.settings(), member);
    if (from === 0) return request;
    const first = { timestamp: from, messageId: undefined, inclusive: false };
    const [bound, given] =
      request.direction === "older" ? (["end", request.end] as const) : (["start", request.start] as const);
    return (given?.timestamp ?? 0) > from ? request : { ...request, [bound]: first };
  }

  read(subscription: Subscription, command: CommandOf<"read">): void {
    const member = this.#state.members.get(subscription.clientId);
    const entry = command.conversations.find(({ conversationId }) => conversationId === this.#state.facts.id);
    if (member !== undefined && entry !== undefined) {
      if (this.#receipts.read(member, entry.timestamp)) this.#delivery.notify([member.clientId], "unread");
      else this.#sendCount(subscription);
    }
    this.#replier.reply(subscription, command.serial, replies.readConfirmed(command.serial));
  }

  /** The cursor did not move, so only the device that asks may have another count. */
  #sendCount(subscription: Subscription): void {
    const count = unreadOf(this.#state, subscription.clientId, "unread", this.#host.now());
    if (count !== undefined) this.#delivery.send(subscription, count);
  }

  /**
   * Sends a will to everybody online (M-47). It is sent like any message but never stored (M-49). A will that was sent
   * already, or whose author is no member any more, is dropped.
   */
  will(from: string, will: Will): void {
    if (!this.#state.members.has(from) || this.#state.notices.hasWill(will.id)) return;
    const timestamp = this.#state.nextTime(this.#host.now());
    this.#state.notices.keep({ kind: "will", messageId: will.id }, timestamp);
    const message = { ...will, from, timestamp, ...UNCHANGED, receipt: false };
    const { id: conversationId, kind } = this.#state.facts;
    const ephemeral = eventRecord(clientEvents.message({ conversationId, kind, message }));
    this.#delivery.notifyMembers({ ephemeral }, { origin: NO_ORIGIN });
  }
}

function shownTo(clientId: string, { message, position, record }: StoredMessage): Uint8Array {
  return isDeliveredTo(clientId, message)
    ? record
    : skippedEntryRecord(position.timestamp, position.previous);
}
