import type { EventOutbox } from "../hooks/events/event-outbox.ts";
import { EventSender, type SendEvents } from "../hooks/events/event-outbox.ts";
import { loggableError } from "../loggable-error.ts";
import type { AppEvent, AppEventBody, Decision, EventOf } from "../model/app-events.ts";
import type { MessageRecord } from "../model/records.ts";
import { RECIPIENTS_MAX } from "../push/push-work.ts";
import type { Delivery } from "./delivery/delivery.ts";
import type { ChangedBy } from "./policy.ts";
import type { ConversationState, Recipient } from "./state.ts";

export interface EventRecorderHost {
  now(): number;
  /** Whether anything listens to events: a hook, a webhook or the event log. */
  hasListeners(): boolean;
  /** Whether the event log is on. */
  isLogged(): boolean;
  /** Whether the app takes what clients write to services. */
  hasServiceHook(): boolean;
  /** Hands events to the queue. Rejects at its deadline. */
  publish(events: AppEvent[]): Promise<void>;
  /** Calls `publish` after this many milliseconds, even if the object hibernates or dies before. */
  publishAfter(delay: number): void;
}

const RETRY_FIRST = 500; // ms

/** Recipients named in one event: this many ids of 64 characters stay well under the queue's limit of 128 KB. */
const NAMED_MAX = 500;

/**
 * Records what happened in the conversation for the app's server, the event log and mobile push. An event is stored in
 * the turn in which it happens and published afterwards, at least once, without delaying any client (H-02, H-03, H-05
 * to H-07, G-05, P-01).
 */
export class EventRecorder {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #host: EventRecorderHost;
  readonly #sender: EventSender;

  constructor(state: ConversationState, delivery: Delivery, outbox: EventOutbox, host: EventRecorderHost) {
    this.#state = state;
    this.#delivery = delivery;
    this.#host = host;
    const send: SendEvents = async (events) => {
      await delivery.settled();
      const waits = events.map((event) => this.#unknownFor(event));
      const decided = events.filter((_, at) => waits[at] === undefined);
      const complete = decided.flatMap((event) => this.#complete(event));
      if (complete.length > 0) await host.publish(complete);
      const known = waits.filter((wait) => wait !== undefined);
      if (known.length === 0) return "all";
      return { sent: decided.map(({ id }) => id), retryAfter: Math.max(...known, RETRY_FIRST) };
    };
    this.#sender = new EventSender(outbox, send, (delay) => host.publishAfter(delay));
  }

  record(event: AppEventBody): void {
    if (this.#host.hasListeners()) this.#store(event);
  }

  /** Records what the app's policy refused or changed: for the event log alone. */
  recordDecision(decision: Omit<Decision, "conversationId">): void {
    if (this.#host.isLogged()) this.#store({ conversationId: this.#state.facts.id, ...decision });
  }

  /**
   * Records that a message was sent. The clients that were online for it are determined after its delivery. If only
   * mobile push needs the event, nothing is recorded while every recipient has a subscription.
   */
  recordSent(message: MessageRecord, { transient, pushData, isPushed, changedBy }: SentDetails): void {
    const { id: messageId, from, content, receipt, timestamp, address, mentionAll, mentions } = message;
    const { id: conversationId } = this.#state.facts;
    const about = {
      conversationId,
      messageId,
      from,
      content,
      timestamp,
      address,
      mentionAll,
      mentions,
      pushData,
      to: message.recipients,
    };
    const isOffered =
      this.#state.rules.isService && message.recipients?.length === 0 && this.#host.hasServiceHook();
    if (this.#host.hasListeners() || isOffered) {
      const isForService = this.#state.rules.isService || undefined;
      const sent = { ...about, transient, receipt, online: [], offline: [] };
      this.#store({ name: "messageSent", ...sent, ...(isForService && { isForService }) });
    } else if (isPushed && !transient && this.#hasUnsubscribed(about)) {
      this.#store({ name: "receiversOffline", ...about, offline: [], muted: [] });
    }
    if (changedBy === undefined) return;
    const { by, code, why } = changedBy;
    this.recordDecision({ name: "messageChanged", from, messageId, isPatch: false, by, code, why });
  }

  /** Publishes the stored events. Never rejects. */
  publish(): Promise<void> {
    return this.#sender.send();
  }

  #store(event: AppEventBody): void {
    try {
      this.#sender.enqueue({ id: crypto.randomUUID(), at: this.#host.now(), ...event });
    } catch (error) {
      console.error(`${event.name} was not recorded:`, loggableError(error));
    }
  }

  /** How long (ms) until it is known who was online for an event; undefined if it is known. */
  #unknownFor(event: AppEvent): number | undefined {
    if (event.name !== "messageSent" && event.name !== "receiversOffline") return undefined;
    const waits = this.#recipientsOf(event).map(({ clientId }) => this.#delivery.unknownFor(clientId));
    const known = waits.filter((wait) => wait !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  /** Adds the recipients that were online. Those that were not become another event (H-03). */
  #complete(event: AppEvent): AppEvent[] {
    if (event.name !== "messageSent" && event.name !== "receiversOffline") return [event];
    const recipients = this.#recipientsOf(event);
    const away = recipients.filter((member) => this.#isAway(member));
    if (event.name === "receiversOffline") return offlineEvents(event, away);
    const { transient, receipt, online: _, ...about } = event;
    const online = namesOf(recipients.filter((member) => !this.#isAway(member))).slice(0, NAMED_MAX);
    const sent: AppEvent = { ...event, online, offline: namesOf(away).slice(0, NAMED_MAX) };
    if (transient) return [sent];
    return [sent, ...offlineEvents({ ...about, name: "receiversOffline", muted: [] }, away)];
  }

  #recipientsOf(message: { from: string; to: string[] | undefined }): Recipient[] {
    return this.#state.recipientsOf(message);
  }

  #hasUnsubscribed(message: { from: string; to: string[] | undefined }): boolean {
    return this.#recipientsOf(message).some(({ clientId }) => !this.#delivery.isSubscribed(clientId));
  }

  /** Includes members that could not be reached: an unneeded notification is better than a missing one. */
  #isAway({ clientId, away }: Recipient): boolean {
    return (
      (away !== "no" && !this.#delivery.isSubscribed(clientId)) || this.#delivery.isUnreachable(clientId)
    );
  }
}

interface SentDetails {
  transient: boolean;
  /** JSON of the notification for offline recipients. */
  pushData: string | undefined;
  /** Whether the message may be pushed to offline recipients, as far as is known here. */
  isPushed: boolean;
  /** What changed it before it was sent. */
  changedBy?: ChangedBy | undefined;
}

/** Splits the offline recipients into events of bounded size. */
function offlineEvents(event: EventOf<"receiversOffline">, away: readonly Recipient[]): AppEvent[] {
  const events: AppEvent[] = [];
  for (let first = 0; first < away.length; first += RECIPIENTS_MAX) {
    const some = away.slice(first, first + RECIPIENTS_MAX);
    const muted = namesOf(some.filter((member) => member.muted));
    events.push({ ...event, id: `${event.id}-${first}`, offline: namesOf(some), muted });
  }
  return events;
}

function namesOf(members: readonly Recipient[]): string[] {
  return members.map(({ clientId }) => clientId);
}
