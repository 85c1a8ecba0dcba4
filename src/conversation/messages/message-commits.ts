import { loggableError } from "../../loggable-error.ts";
import type { MessageRecord } from "../../model/records.ts";
import * as clientEvents from "../../protocol/client-events.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import { joinRecords, type LogPosition, replyRecord, storedRecord } from "../../protocol/link-records.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { type RelayedEntry, relayedFrames } from "../delivery/relayed-frames.ts";
import { messageTraits } from "../delivery/replay.ts";
import { NO_ORIGIN, skippedEntryRecord } from "../delivery/skipped-entry.ts";
import type { Subscription } from "../delivery/subscription.ts";
import type { EventRecorder } from "../event-recorder.ts";
import { isDeliveredTo } from "../log/visibility.ts";
import type { Downstream } from "../room/downstream.ts";
import { sendToAudiences } from "../service/audience-frames.ts";
import type { EntryAudience, ServiceState } from "../service/service-state.ts";
import type { ConversationState } from "../state.ts";
import { type Draft, messageOf } from "./draft.ts";
import { GroupCommit, type GroupCommitHost } from "./group-commit.ts";
import { replyToSend, type SendOutcome, senderCorrection } from "./sender-replies.ts";

/** A message from LeanCloud may be this far ahead of the clock here (ms), and keeps its time. */
const AHEAD_MAX = 1_000;

export interface MessageCommitsHost extends Omit<GroupCommitHost, "readers"> {
  /** A message of this side was stored in this turn. */
  mirror(message: MessageRecord): void;
  /** Something was appended that D1 lacks. */
  archiveSoon(): void;
}

/** Receives the outcome of a send: a session that gets a reply, or the app's server. */
type Sender =
  | { subscription: Subscription; serial: number | undefined }
  | { done: (outcome: SendOutcome) => void };

type Send = Draft & { sender: Sender };

/** A message stored in a commit, with its record for subscribers. */
interface StoredMessage {
  message: MessageRecord;
  origin: number;
  position: LogPosition;
  record: Uint8Array;
  about: Pick<Draft, "pushData" | "changedBy"> & { isInRow: boolean };
  isFromThere: boolean;
  isDropped: boolean;
}

/**
 * Appends messages to the log, those that arrive together in one commit. Replies and broadcasts leave once it is
 * durable (I1).
 */
export class MessageCommits {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #recorder: EventRecorder;
  readonly #downstream: Downstream;
  readonly #host: MessageCommitsHost;
  readonly #sends: GroupCommit<Send>;

  constructor(
    state: ConversationState,
    delivery: Delivery,
    recorder: EventRecorder,
    downstream: Downstream,
    host: MessageCommitsHost,
  ) {
    this.#downstream = downstream;
    this.#state = state;
    this.#delivery = delivery;
    this.#recorder = recorder;
    this.#host = host;
    this.#sends = new GroupCommit((sends) => this.#commit(sends), {
      now: () => host.now(),
      turn: () => host.turn(),
      readers: () => delivery.audience().subscriptions.length,
    });
  }

  add(draft: Draft, sender: Sender): void {
    this.#sends.add({ ...draft, sender });
  }

  /** The drafts that `add` adds, in its turn, share a commit. */
  together<Result>(add: () => Result): Result {
    return this.#sends.together(add);
  }

  /** Commits the waiting sends, before something that must follow them. */
  flush(): void {
    this.#sends.flush();
  }

  #commit(sends: Send[]): void {
    const before = this.#state.log.end;
    const stored: StoredMessage[] = [];
    const outgoing = new Map<Subscription, Uint8Array[]>();
    for (const send of sends) {
      const { outcome, position, records } = this.#append(send, stored);
      const { sender } = send;
      if ("done" in sender) sender.done(outcome);
      else this.#addReply(outgoing, sender, outcome, position, records);
    }
    for (const { message, about, isFromThere } of stored) {
      // What was sent at LeanCloud has its events and its way from there.
      if (isFromThere) continue;
      this.#recorder.recordSent(message, { transient: false, ...about });
      this.#host.mirror(message);
    }
    if (this.#state.service !== undefined)
      this.#sendToAudiences(this.#state.service, stored, before, outgoing);
    else {
      const sent = stored.filter(({ isDropped }) => !isDropped);
      if (sent.length > 0) this.#broadcast(sent, outgoing);
      for (const [subscription, own] of outgoing) this.#delivery.send(subscription, joinRecords(own));
      if (stored.length > 0) this.#delivery.storedAfter(before);
    }
    if (stored.length === 0) return;
    // After the delivery's alarm: one alarm serves both, and setting it costs a row each time.
    this.#host.archiveSoon();
  }

  #addReply(
    outgoing: Map<Subscription, Uint8Array[]>,
    { subscription, serial }: { subscription: Subscription; serial: number | undefined },
    outcome: SendOutcome,
    position: LogPosition | undefined,
    records: Uint8Array[],
  ): void {
    const gathered = outgoing.get(subscription) ?? [];
    if (serial !== undefined) {
      const reply = replyToSend(this.#state.facts.id, serial, outcome, this.#host.now());
      gathered.push(replyRecord(serial, reply, position));
    }
    gathered.push(...records);
    if (gathered.length > 0) outgoing.set(subscription, gathered);
  }

  /** In a service, an entry goes to those who see it, and shows nobody else that it exists. */
  #sendToAudiences(
    service: ServiceState,
    stored: StoredMessage[],
    before: number,
    outgoing: Map<Subscription, Uint8Array[]>,
  ): void {
    const entries = stored.map(({ message, origin, record }) => {
      const exceptClient = message.noSync === true ? message.from : undefined;
      return { audience: service.audienceOf(message), record, at: message.timestamp, origin, exceptClient };
    });
    sendToAudiences(this.#delivery, entries, before, outgoing);
  }

  /** To all subscriptions, each with its own replies; replies that were sent are removed from `outgoing`. */
  #broadcast(stored: StoredMessage[], outgoing: Map<Subscription, Uint8Array[]>): void {
    const shared = joinRecords(stored.map(({ record }) => record));
    const forAll = stored.every(({ message }) => message.recipients === undefined && !message.noSync);
    const [first] = stored;
    const onlyOrigin = stored.every(({ origin }) => origin === first?.origin) ? first?.origin : undefined;
    this.#delivery.relay(() => relayedFrames(stored.map(relayedEntry)));
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

  #previousFor(audience: EntryAudience): number {
    const { log, service } = this.#state;
    return service?.previousOf(audience, log.end) ?? this.#downstream.previous(log.end);
  }

  /** Whether those present in a room are not sent this message, since more is said than they are sent. */
  #isDropped({ priority, content }: Send, { timestamp, previous }: LogPosition): boolean {
    if (!this.#state.rules.isRoom) return false;
    return !this.#downstream.admitsStored(priority, content.length, previous, timestamp);
  }

  /** Appends one message, or finds it appended already; with records for its sender beside the reply. */
  #append(
    send: Send,
    stored: StoredMessage[],
  ): { outcome: SendOutcome; position?: LogPosition; records: Uint8Array[] } {
    const refused = (error: ErrorName) => ({ outcome: { refused: error }, records: [] });
    const { from, origin, dedupeToken: token, changed } = send;
    try {
      const now = this.#host.now();
      // Whether or not they may still write: the message is there, and others have it (I3).
      const before = token === undefined ? undefined : this.#state.log.accepted.find(from, token, now);
      if (before !== undefined) {
        return { outcome: { messageId: before.id, timestamp: before.timestamp }, records: [] };
      }
      // The app's server may send in any name.
      const refusal = "subscription" in send.sender ? this.#state.writeRefusal(from, now) : undefined;
      if (refusal !== undefined) return refused(refusal);
      const { sentThere } = send;
      const wanted = sentThere === undefined || sentThere.sentAt > now + AHEAD_MAX ? now : sentThere.sentAt;
      const position = {
        timestamp: this.#state.nextTime(now, wanted),
        previous: this.#previousFor(send.broadcast?.to ?? []),
      };
      const message = messageOf(send, position.timestamp);
      const pushData = this.#recorder.pushDataOf(message, send);
      this.#state.log.append(message, token, origin, pushData);
      this.#state.service?.added(message, send.broadcast);
      const { id: conversationId, kind } = this.#state.facts;
      const event = clientEvents.message({ conversationId, kind, message });
      const record = storedRecord(position, origin, messageTraits(this.#state), event);
      const isFromThere = sentThere !== undefined;
      const about = {
        pushData: send.pushData,
        isInRow: pushData !== undefined,
        changedBy: send.changedBy,
      };
      const isDropped = this.#isDropped(send, position);
      stored.push({ message, origin, position, record, about, isFromThere, isDropped });
      const outcome = { messageId: message.id, timestamp: message.timestamp };
      return {
        outcome,
        position,
        records: changed === undefined ? [] : [senderCorrection(conversationId, message, changed)],
      };
    } catch (error) {
      console.error("message.send:", loggableError(error));
      return refused("INTERNAL_ERROR");
    }
  }
}

function relayedEntry({ message, position, record }: StoredMessage): RelayedEntry {
  const { timestamp: at, previous } = position;
  return { message, at, record, hidden: skippedEntryRecord(at, previous) };
}

function shownTo(clientId: string, { message, position, record }: StoredMessage): Uint8Array {
  return isDeliveredTo(clientId, message)
    ? record
    : skippedEntryRecord(position.timestamp, position.previous);
}
