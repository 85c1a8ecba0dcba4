import { fitsQueue } from "../../hooks/events/event-outbox.ts";
import { loggableError } from "../../loggable-error.ts";
import type { AppEvent, EventOf } from "../../model/app-events.ts";
import type { MessageRecord } from "../../model/records.ts";
import { BATCH_CHARACTERS, BATCH_MESSAGES } from "../../queue/publish.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { UnpushedMessage } from "../log/unpushed-messages.ts";
import type { ConversationState } from "../state.ts";
import { namesOf, OfflineRecipients, offlineEvents } from "./offline-recipients.ts";

type OfflineEvent = EventOf<"receiversOffline">;

/** What pushes need to know of the delivery. */
type DeliveryOf = Pick<
  Delivery,
  "settled" | "isSubscribed" | "unknownFor" | "isUnreachable" | "subscriptionsOf" | "audience" | "update"
>;

export interface OfflinePushesHost {
  now(): number;
  /**
   * Pushes to the recipients of an event; resolves when it is settled what became of each device, or the queue of
   * pushes has it. Rejects, at its deadline too, if that is not known. Undefined if too many pushes are under way.
   */
  pushNow(event: OfflineEvent): Promise<void> | undefined;
  /** Hands events to their queue, whose consumer pushes. Rejects at its deadline. */
  publish(events: AppEvent[]): Promise<void>;
  /** Calls `resume` after this many milliseconds, even if the object hibernates or dies before. */
  resumeAfter(delay: number): void;
  /** The clients among these to which a message is still new. */
  stillNewTo(message: { timestamp: number; messageId: string }, clientIds: readonly string[]): string[];
  /** Whether rows cost nothing: then it is stored at once that everything is settled, and not by the alarm. */
  readonly rowsAreFree: boolean;
}

/** Longer than most pushes take (ms): after a crash the alarm makes those that were left. */
const RETRY = 10_000;
const RETRY_FIRST = 500; // ms
/** Messages whose pushes are under way or wait. Those after them stay in the log. */
const TAKEN_MAX = 200;
/** Pushes of a conversation that are made at once without the queue: a provider that hangs holds no more of them. */
const DIRECT_MAX = 4;
/** A larger audience goes by the queue, where each provider has batches. */
const DIRECT_RECIPIENTS = 20;

/**
 * Pushes messages to their offline recipients where nothing but push wants to know of them (P-01). The message's own row
 * says that it is to be pushed (`UnpushedMessages`). When its delivery has settled, it is pushed without a queue; what
 * fails goes to the queue. After a crash the alarm makes the pushes that are not known to be settled.
 */
export class OfflinePushes {
  readonly #state: ConversationState;
  readonly #delivery: DeliveryOf;
  readonly #recipients: OfflineRecipients;
  readonly #host: OfflinePushesHost;
  /** Times of the messages whose pushes are not settled, and whether they wait for the alarm. */
  readonly #taken = new Map<number, "under way" | "waiting">();
  /** Messages up to this time (ms) were taken. */
  #takenUpTo: number;
  #isTaking = false;
  /** Direct pushes under way. */
  #direct = 0;
  #lastAuthor = "";

  /** @param settledUpTo what subscriptions that survived hibernation know (ms) */
  constructor(state: ConversationState, delivery: DeliveryOf, settledUpTo: number, host: OfflinePushesHost) {
    this.#state = state;
    this.#delivery = delivery;
    this.#recipients = new OfflineRecipients(state, delivery);
    this.#host = host;
    const { log } = state;
    log.unpushed.settle(settledUpTo >= log.head ? undefined : settledUpTo);
    this.#takenUpTo = log.unpushed.after ?? log.head;
  }

  /** Whether a message that is about to be stored is to be pushed to anybody, as far as is known before its delivery. */
  isWanted(message: MessageRecord, pushData: string | undefined): boolean {
    if (!this.#recipients.hasUnsubscribed({ from: message.from, to: message.recipients })) return false;
    if (fitsQueue(this.#eventOf({ message, pushData }))) return true;
    console.error(`push ${message.id}: too large for the queue, left out`);
    return false;
  }

  /** A message to be pushed was stored in this turn. It is pushed after the turn. */
  added(): void {
    this.#host.resumeAfter(RETRY);
    void this.#take();
  }

  /** From the alarm: makes what a crash left, and what waits. Never rejects. */
  resume(): void {
    const { log } = this.#state;
    const waiting = [...this.#taken].flatMap(([time, stage]) => (stage === "waiting" ? [time] : []));
    if (waiting.length > 0) void this.#push(waiting);
    void this.#take();
    if (log.unpushed.after !== undefined) return this.#host.resumeAfter(RETRY);
    log.unpushed.store(log.head);
  }

  /** Begins the pushes of the messages that were stored meanwhile. */
  async #take(): Promise<void> {
    if (this.#isTaking) return;
    this.#isTaking = true;
    await undefined; // messages of one turn share their calls
    this.#isTaking = false;
    if (this.#state.isDeleted) return;
    const { unpushed } = this.#state.log;
    const times = unpushed.timesAfter(this.#takenUpTo, TAKEN_MAX - this.#taken.size);
    const last = times.at(-1);
    // The others were recalled or deleted.
    if (last === undefined) return this.#settleIfDone();
    this.#takenUpTo = last;
    await this.#push(times);
  }

  /** Never rejects. */
  async #push(times: readonly number[]): Promise<void> {
    const left = new Set(times);
    for (const time of times) this.#taken.set(time, "under way");
    try {
      await this.#delivery.settled();
      while (left.size > 0) {
        const { events, ofQueue } = this.#pushSome(left);
        if (events.length === 0) continue;
        await this.#host.publish(events);
        this.#settled(ofQueue);
        for (const time of ofQueue) left.delete(time);
      }
    } catch (error) {
      console.error("pushes wait for the alarm:", loggableError(error));
      this.#wait([...left], RETRY);
    }
  }

  /**
   * Begins the oldest of these pushes, and takes out those that need nothing more. The others are for the queue, as many
   * as it takes in a call: a burst to many members is not looked through, nor kept in memory, at once.
   */
  #pushSome(left: Set<number>): { events: OfflineEvent[]; ofQueue: number[] } {
    const queued: OfflineEvent[] = [];
    const ofQueue: number[] = [];
    let characters = 0;
    for (const time of left) {
      const events = this.#eventsAt(time);
      if (events === undefined || this.#pushesNow(time, events)) {
        left.delete(time);
        continue;
      }
      queued.push(...events);
      ofQueue.push(time);
      characters += events.length * JSON.stringify(events[0]).length;
      if (queued.length >= BATCH_MESSAGES || characters >= BATCH_CHARACTERS) break;
    }
    return { events: queued, ofQueue };
  }

  /** The complete events of a message; undefined if there is nothing to push now. */
  #eventsAt(time: number): OfflineEvent[] | undefined {
    const unpushed = this.#state.isDeleted ? undefined : this.#state.log.unpushed.at(time);
    if (unpushed === undefined) return this.#settled([time]);
    const { message } = unpushed;
    this.#lastAuthor = message.from;
    const addressed = { from: message.from, to: message.recipients };
    const unknownFor = this.#recipients.unknownFor(addressed);
    if (unknownFor !== undefined) return this.#wait([time], Math.max(unknownFor, RETRY_FIRST));
    const away = this.#recipients.of(addressed).filter((recipient) => this.#recipients.isAway(recipient));
    const place = { timestamp: time, messageId: message.id };
    const still = new Set(this.#host.stillNewTo(place, namesOf(away)));
    const events = offlineEvents(
      this.#eventOf(unpushed),
      away.filter(({ clientId }) => still.has(clientId)),
    );
    return events.length === 0 ? this.#settled([time]) : events;
  }

  #eventOf({ message, pushData }: UnpushedMessage): OfflineEvent {
    const { id, timestamp, from, content, address, mentionAll, mentions, recipients: to } = message;
    const about = { messageId: id, timestamp, from, content, address, mentionAll, mentions, pushData, to };
    const { id: conversationId } = this.#state.facts;
    return { id, at: timestamp, name: "receiversOffline", conversationId, ...about, offline: [], muted: [] };
  }

  /** Pushes without the queue, if that is for this one and there is room. */
  #pushesNow(time: number, events: OfflineEvent[]): boolean {
    const [event, ...others] = events;
    if (event === undefined || others.length > 0 || event.offline.length > DIRECT_RECIPIENTS) return false;
    if (this.#direct >= DIRECT_MAX) return false;
    const pushing = this.#host.pushNow(event);
    if (pushing === undefined) return false;
    this.#direct += 1;
    const ended = () => {
      this.#direct -= 1;
    };
    pushing.then(
      () => {
        ended();
        this.#settled([time]);
      },
      (error: unknown) => {
        ended();
        console.warn(`push ${event.messageId} goes to the queue:`, loggableError(error));
        void this.#queue(time, event);
      },
    );
    return true;
  }

  /** Never rejects. */
  async #queue(time: number, event: OfflineEvent): Promise<void> {
    try {
      await this.#host.publish([event]);
      this.#settled([time]);
    } catch (error) {
      console.error("a push waits for the alarm:", loggableError(error));
      this.#wait([time], RETRY);
    }
  }

  #wait(times: readonly number[], delay: number): undefined {
    for (const time of times) this.#taken.set(time, "waiting");
    if (times.length > 0 && !this.#state.isDeleted) this.#host.resumeAfter(delay);
  }

  #settled(times: readonly number[]): undefined {
    const wasFull = this.#taken.size >= TAKEN_MAX;
    for (const time of times) this.#taken.delete(time);
    if (this.#state.isDeleted) return;
    if (wasFull) void this.#take();
    this.#settleIfDone();
    this.#remember();
  }

  /** How far everything is settled now. */
  #settleIfDone(): void {
    const { log } = this.#state;
    const isMore = this.#isTaking || log.unpushed.timesAfter(this.#takenUpTo, 1).length > 0;
    if (this.#taken.size > 0 || isMore)
      return log.unpushed.settle(Math.min(...this.#taken.keys(), this.#takenUpTo + 1) - 1);
    log.unpushed.settle(undefined);
    if (this.#host.rowsAreFree) log.unpushed.store(log.head);
  }

  /**
   * Has a subscription know it that survives hibernation: the author's, or another one. Without any it is stored: an
   * object that is evicted before each alarm would make the same pushes again and again.
   */
  #remember(): void {
    const { log } = this.#state;
    const own = this.#delivery.subscriptionsOf([this.#lastAuthor]);
    const [subscription] = own.length > 0 ? own : this.#delivery.audience().subscriptions;
    if (subscription === undefined) {
      if (log.unpushed.after === undefined) log.unpushed.store(log.head);
      return;
    }
    this.#delivery.update(subscription, { pushedUpTo: log.unpushed.after ?? log.head });
  }
}
