import type { MessageRecord } from "../history/records.ts";
import type { EventOutbox } from "../hooks/event-outbox.ts";
import { EventSender } from "../hooks/event-sender.ts";
import type { AppEvent, AppEventBody } from "../hooks/events.ts";
import { reason } from "../reason.ts";
import type { Delivery } from "./delivery.ts";
import type { ConversationState, Member } from "./state.ts";

export interface HappeningsHost {
  now(): number;
  /** Whether anybody wants to hear of anything: a hook, a webhook, the event log. */
  hasListeners(): boolean;
  /** Hands events to the queue. Rejects at its deadline. */
  publish(events: AppEvent[]): Promise<void>;
  /** Has `publish` called after so many milliseconds, whatever happens to the object meanwhile. */
  publishAfter(delay: number): void;
}

/** Recipients named in one event: so many ids of 64 characters are well under the 128 KB that a queue takes. */
const NAMED_MAX = 500;

/**
 * What happened here, for the app's server and the event log: noted in the turn that made it so, told after it and
 * off the way of whoever waits, at least once (H-02, H-03, H-05 to H-07, G-05).
 */
export class Happenings {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #host: HappeningsHost;
  readonly #sender: EventSender;

  constructor(state: ConversationState, delivery: Delivery, outbox: EventOutbox, host: HappeningsHost) {
    this.#state = state;
    this.#delivery = delivery;
    this.#host = host;
    const send = async (events: AppEvent[]) => {
      await delivery.settled();
      await host.publish(events.flatMap((event) => this.#complete(event)));
    };
    this.#sender = new EventSender(outbox, send, (delay) => host.publishAfter(delay));
  }

  happened(event: AppEventBody): void {
    if (!this.#host.hasListeners()) return;
    try {
      this.#sender.tell({ id: crypto.randomUUID(), at: this.#host.now(), ...event });
    } catch (error) {
      console.error(`${event.name} is not told:`, reason(error));
    }
  }

  /** A message was sent. Who was online for it is found out when it has been delivered. */
  sent(message: MessageRecord, { transient, pushData }: About): void {
    const { id: messageId, from, content, receipt, timestamp, address, mentionAll, mentions } = message;
    const { id: conversationId } = this.#state.facts;
    this.happened({
      ...{ name: "messageSent", conversationId, messageId, from, content, timestamp, address, transient },
      ...{ receipt, mentionAll, mentions, pushData, to: message.recipients, online: [], offline: [] },
    });
  }

  /** Tells what still waits. Never rejects. */
  publish(): Promise<void> {
    return this.#sender.send();
  }

  /** With who was online; and whoever was not makes another event (H-03). */
  #complete(event: AppEvent): AppEvent[] {
    if (event.name !== "messageSent") return [event];
    const recipients = [...this.#state.members.values()].filter(
      ({ clientId }) => clientId !== event.from && (event.to?.includes(clientId) ?? true),
    );
    const away = recipients.filter((member) => this.#isAway(member));
    const online = namesOf(recipients.filter((member) => !this.#isAway(member)));
    const sent: AppEvent = {
      ...event,
      online: online.slice(0, NAMED_MAX),
      offline: namesOf(away).slice(0, NAMED_MAX),
    };
    if (event.transient) return [sent];
    const { at, conversationId, messageId, from, content, timestamp, address } = event;
    const { mentionAll, mentions, pushData } = event;
    const events: AppEvent[] = [sent];
    for (let first = 0; first < away.length; first += NAMED_MAX) {
      const some = away.slice(first, first + NAMED_MAX);
      events.push({
        ...{ id: `${event.id}-${first}`, at, name: "receiversOffline", conversationId, messageId, from },
        ...{ content, timestamp, address, mentionAll, mentions, pushData },
        ...{ offline: namesOf(some), muted: namesOf(some.filter(({ muted }) => muted)) },
      });
    }
    return events;
  }

  #isAway({ clientId, away }: Member): boolean {
    return away && !this.#delivery.isLinked(clientId);
  }
}

interface About {
  transient: boolean;
  /** JSON, for who is offline. */
  pushData: string | undefined;
}

function namesOf(members: readonly Member[]): string[] {
  return members.map(({ clientId }) => clientId);
}
