import type { MessageRecord } from "../history/records.ts";
import type { EventOutbox } from "../hooks/event-outbox.ts";
import type { AppEvent, AppEventBody } from "../hooks/events.ts";
import { reason } from "../reason.ts";
import type { Delivery } from "./delivery.ts";
import type { ConversationState, Member } from "./state.ts";

export interface HappeningsHost {
  /** Whether anybody wants to hear of anything: a hook, a webhook, the event log. */
  isHeard(): boolean;
  /** Hands events to the queue. Rejects at its deadline. */
  publish(events: AppEvent[]): Promise<void>;
  /** Something waits for `publish`. */
  publishSoon(): void;
}

const BATCH = 50; // events at once: the queue takes 256 KB

/**
 * What happened here, for the app's server and the event log: noted in the turn that made it so, told after it and
 * off the way of whoever waits, at least once (H-02, H-03, H-05 to H-07, G-05).
 */
export class Happenings {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #outbox: EventOutbox;
  readonly #host: HappeningsHost;
  #publishing: Promise<boolean> | undefined;

  constructor(state: ConversationState, delivery: Delivery, outbox: EventOutbox, host: HappeningsHost) {
    this.#state = state;
    this.#delivery = delivery;
    this.#outbox = outbox;
    this.#host = host;
  }

  /** Whether something is still to be told. */
  get isBehind(): boolean {
    return !this.#outbox.isEmpty;
  }

  happened(event: AppEventBody): void {
    if (!this.#host.isHeard()) return;
    try {
      this.#outbox.add(event);
      this.#host.publishSoon();
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

  /** Tells what waits, one batch at a time. Resolves to whether all of it is told; never rejects. */
  async publish(): Promise<boolean> {
    this.#publishing ??= this.#publish().finally(() => {
      this.#publishing = undefined;
    });
    return this.#publishing;
  }

  async #publish(): Promise<boolean> {
    while (!this.#outbox.isEmpty) {
      const events = this.#outbox.take(BATCH);
      await this.#delivery.settled();
      try {
        await this.#host.publish(events.flatMap((event) => this.#complete(event)));
      } catch (error) {
        console.warn(`events of ${this.#state.facts.id} are late:`, reason(error));
        return false;
      }
      this.#outbox.sent(events.map(({ id }) => id));
    }
    return true;
  }

  /** With who was online; and whoever was not makes a second event (H-03). */
  #complete(event: AppEvent): AppEvent[] {
    if (event.name !== "messageSent") return [event];
    const { from, to } = event;
    const recipients = [...this.#state.members.values()].filter(
      ({ clientId }) => clientId !== from && (to?.includes(clientId) ?? true),
    );
    const away = recipients.filter((member) => this.#isOffline(member));
    const offline = away.map(({ clientId }) => clientId);
    const online = recipients.map(({ clientId }) => clientId).filter((id) => !offline.includes(id));
    const sent: AppEvent = { ...event, online, offline };
    if (event.transient || offline.length === 0) return [sent];
    const muted = away.filter((member) => member.muted).map(({ clientId }) => clientId);
    const { at, conversationId, messageId, content, timestamp, address, mentionAll, mentions, pushData } =
      event;
    return [
      sent,
      {
        ...{ id: `${event.id}-offline`, at, name: "receiversOffline", conversationId, messageId, from },
        ...{ content, timestamp, address, mentionAll, mentions, pushData, offline, muted },
      },
    ];
  }

  #isOffline({ clientId, away }: Member): boolean {
    return away && !this.#delivery.isLinked(clientId);
  }
}

interface About {
  transient: boolean;
  /** JSON, for who is offline. */
  pushData: string | undefined;
}
