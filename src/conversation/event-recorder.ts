import type { EventOutbox } from "../hooks/events/event-outbox.ts";
import { EventSender, type SendEvents } from "../hooks/events/event-outbox.ts";
import { loggableError } from "../loggable-error.ts";
import type { AppEvent, AppEventBody, Decision } from "../model/app-events.ts";
import type { MessageRecord } from "../model/records.ts";
import type { Delivery } from "./delivery/delivery.ts";
import type { ChangedBy } from "./policy.ts";
import type { OfflinePushes } from "./push/offline-pushes.ts";
import { namesOf, OfflineRecipients, offlineEvents } from "./push/offline-recipients.ts";
import type { ConversationState } from "./state.ts";

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
  readonly #recipients: OfflineRecipients;
  readonly #pushes: OfflinePushes;
  readonly #host: EventRecorderHost;
  readonly #sender: EventSender;

  constructor(
    state: ConversationState,
    delivery: Delivery,
    outbox: EventOutbox,
    pushes: OfflinePushes,
    host: EventRecorderHost,
  ) {
    this.#state = state;
    this.#recipients = new OfflineRecipients(state, delivery);
    this.#pushes = pushes;
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

  /** What only the row of a message says is pushed: its push data, empty without; undefined if it is not pushed so. */
  pushDataOf(message: MessageRecord, { isPushed, pushData }: PushDetails): string | undefined {
    if (!isPushed || this.#isListenedTo(message) || !this.#pushes.isWanted(message, pushData))
      return undefined;
    return pushData ?? "";
  }

  /**
   * Records that a message was sent. The clients that were online for it are determined after its delivery. If nobody
   * but mobile push needs the event, it is in the row of the message.
   */
  recordSent(message: MessageRecord, { transient, pushData, isInRow, changedBy }: SentDetails): void {
    const { id: messageId, from, content, receipt, timestamp, address, mentionAll, mentions } = message;
    if (isInRow) this.#pushes.added();
    else if (this.#isListenedTo(message)) {
      const { id: conversationId } = this.#state.facts;
      const isForService = this.#state.rules.isService || undefined;
      this.#store({
        name: "messageSent",
        ...{ conversationId, messageId, from, content, timestamp, address, mentionAll, mentions, pushData },
        to: message.recipients,
        ...{ transient, receipt, online: [], offline: [] },
        ...(isForService && { isForService }),
      });
    }
    if (changedBy === undefined) return;
    const { by, code, why } = changedBy;
    this.recordDecision({ name: "messageChanged", from, messageId, isPatch: false, by, code, why });
  }

  #isListenedTo({ recipients }: MessageRecord): boolean {
    const isOffered = this.#state.rules.isService && recipients?.length === 0;
    return this.#host.hasListeners() || (isOffered && this.#host.hasServiceHook());
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
    return this.#recipients.unknownFor(event);
  }

  /** Adds the recipients that were online. Those that were not become another event (H-03). */
  #complete(event: AppEvent): AppEvent[] {
    if (event.name !== "messageSent" && event.name !== "receiversOffline") return [event];
    const recipients = this.#recipients.of(event);
    const away = recipients.filter((member) => this.#recipients.isAway(member));
    if (event.name === "receiversOffline") return offlineEvents(event, away);
    const { transient, receipt, online: _, ...about } = event;
    const here = recipients.filter((member) => !this.#recipients.isAway(member));
    const online = namesOf(here).slice(0, NAMED_MAX);
    const sent: AppEvent = { ...event, online, offline: namesOf(away).slice(0, NAMED_MAX) };
    if (transient) return [sent];
    return [sent, ...offlineEvents({ ...about, name: "receiversOffline", muted: [] }, away)];
  }
}

interface PushDetails {
  /** JSON of the notification for offline recipients. */
  pushData: string | undefined;
  /** Whether the message may be pushed to offline recipients, as far as is known here. */
  isPushed: boolean;
}

interface SentDetails {
  transient: boolean;
  /** JSON of the notification for offline recipients. */
  pushData: string | undefined;
  /** Whether its row says that it is to be pushed. */
  isInRow: boolean;
  /** What changed it before it was sent. */
  changedBy?: ChangedBy | undefined;
}
