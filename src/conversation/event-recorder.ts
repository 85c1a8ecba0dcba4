import type { MessageRecord } from "../database/records.ts";
import type { EventOutbox } from "../hooks/event-outbox.ts";
import { EventSender } from "../hooks/event-sender.ts";
import type { AppEvent, AppEventBody, EventOf } from "../hooks/events.ts";
import { loggableError } from "../loggable-error.ts";
import { RECIPIENTS_MAX } from "../push/work.ts";
import type { Delivery } from "./delivery.ts";
import type { ConversationState, Member } from "./state.ts";

export interface EventRecorderHost {
  now(): number;
  /** Whether anybody wants to hear of anything: a hook, a webhook, the event log. */
  hasListeners(): boolean;
  /** Hands events to the queue. Rejects at its deadline. */
  publish(events: AppEvent[]): Promise<void>;
  /** Has `publish` called after so many milliseconds, whatever happens to the object meanwhile. */
  publishAfter(delay: number): void;
}

const AGAIN_FIRST = 500; // ms

/** Recipients named in one event: so many ids of 64 characters are well under the 128 KB that a queue takes. */
const NAMED_MAX = 500;

/**
 * What happened here, for the app's server, the event log and push: noted in the turn that made it so, told after it and
 * off the way of whoever waits, at least once (H-02, H-03, H-05 to H-07, G-05, P-01).
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
    const send = async (events: AppEvent[]) => {
      await delivery.settled();
      const waits = events.map((event) => this.#undecidedFor(event));
      const decided = events.filter((_, at) => waits[at] === undefined);
      const complete = decided.flatMap((event) => this.#complete(event));
      if (complete.length > 0) await host.publish(complete);
      const known = waits.filter((wait) => wait !== undefined);
      return known.length === 0
        ? undefined
        : { sent: decided.map(({ id }) => id), again: Math.max(...known, AGAIN_FIRST) };
    };
    this.#sender = new EventSender(outbox, send, (delay) => host.publishAfter(delay));
  }

  record(event: AppEventBody): void {
    if (this.#host.hasListeners()) this.#note(event);
  }

  /**
   * A message was sent. Who was online for it is found out when it has been delivered. Where nobody but push wants to
   * know, nothing is noted while everybody has a subscription.
   */
  recordSent(message: MessageRecord, { transient, pushData, isPushed }: About): void {
    const { id: messageId, from, content, receipt, timestamp, address, mentionAll, mentions } = message;
    const { id: conversationId } = this.#state.facts;
    const about = {
      ...{ conversationId, messageId, from, content, timestamp, address },
      ...{ mentionAll, mentions, pushData, to: message.recipients },
    };
    if (this.#host.hasListeners()) {
      this.#note({ name: "messageSent", ...about, transient, receipt, online: [], offline: [] });
    } else if (isPushed && !transient && this.#hasUnsubscribed(about)) {
      this.#note({ name: "receiversOffline", ...about, offline: [], muted: [] });
    }
  }

  /** Tells what still waits. Never rejects. */
  publish(): Promise<void> {
    return this.#sender.send();
  }

  #note(event: AppEventBody): void {
    try {
      this.#sender.tell({ id: crypto.randomUUID(), at: this.#host.now(), ...event });
    } catch (error) {
      console.error(`${event.name} is not told:`, loggableError(error));
    }
  }

  /** So long (ms) until it can be said who was online for an event; undefined where it can. */
  #undecidedFor(event: AppEvent): number | undefined {
    if (event.name !== "messageSent" && event.name !== "receiversOffline") return undefined;
    const waits = this.#recipientsOf(event).map(({ clientId }) => this.#delivery.undecidedFor(clientId));
    const known = waits.filter((wait) => wait !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  /** With who was online; and whoever was not makes another event (H-03). */
  #complete(event: AppEvent): AppEvent[] {
    if (event.name !== "messageSent" && event.name !== "receiversOffline") return [event];
    const recipients = this.#recipientsOf(event);
    const away = recipients.filter((member) => this.#isAway(member));
    if (event.name === "receiversOffline") return awayFrom(event, away);
    const { transient, receipt, online: _, ...about } = event;
    const online = namesOf(recipients.filter((member) => !this.#isAway(member))).slice(0, NAMED_MAX);
    const sent: AppEvent = { ...event, online, offline: namesOf(away).slice(0, NAMED_MAX) };
    if (transient) return [sent];
    return [sent, ...awayFrom({ ...about, name: "receiversOffline", muted: [] }, away)];
  }

  #recipientsOf({ from, to }: { from: string; to: string[] | undefined }): Member[] {
    const members = [...this.#state.members.values()];
    return members.filter(({ clientId }) => clientId !== from && (to?.includes(clientId) ?? true));
  }

  #hasUnsubscribed({ from, to }: { from: string; to: string[] | undefined }): boolean {
    for (const clientId of this.#state.members.keys()) {
      if (clientId === from || this.#delivery.isSubscribed(clientId)) continue;
      if (to?.includes(clientId) ?? true) return true;
    }
    return false;
  }

  /** Whoever could not be reached counts too: a push in vain is better than none. */
  #isAway({ clientId, away }: Member): boolean {
    return (away && !this.#delivery.isSubscribed(clientId)) || this.#delivery.isUnreachable(clientId);
  }
}

interface About {
  transient: boolean;
  /** JSON, for who is offline. */
  pushData: string | undefined;
  /** Whether it may be pushed to who is offline, as far as is known here. */
  isPushed: boolean;
}

/** One event for so many of those who were away. */
function awayFrom(event: EventOf<"receiversOffline">, away: readonly Member[]): AppEvent[] {
  const events: AppEvent[] = [];
  for (let first = 0; first < away.length; first += RECIPIENTS_MAX) {
    const some = away.slice(first, first + RECIPIENTS_MAX);
    const muted = namesOf(some.filter((member) => member.muted));
    events.push({ ...event, id: `${event.id}-${first}`, offline: namesOf(some), muted });
  }
  return events;
}

function namesOf(members: readonly Member[]): string[] {
  return members.map(({ clientId }) => clientId);
}
