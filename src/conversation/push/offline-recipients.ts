import type { EventOf } from "../../model/app-events.ts";
import { RECIPIENTS_MAX } from "../../push/push-work.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { ConversationState, Recipient } from "../state.ts";

type OfflineEvent = EventOf<"receiversOffline">;

/** Whom a message is for: its author is not among them. */
export interface Addressed {
  from: string;
  /** Whom it was narrowed down to; everybody where undefined. */
  to: string[] | undefined;
}

/** What is asked of the delivery. */
type Reached = Pick<Delivery, "isSubscribed" | "unknownFor" | "isUnreachable">;

/** Which recipients of a message were online for it (H-02, H-03, P-01). */
export class OfflineRecipients {
  readonly #state: ConversationState;
  readonly #delivery: Reached;

  constructor(state: ConversationState, delivery: Reached) {
    this.#state = state;
    this.#delivery = delivery;
  }

  /** All recipients, as far as they are known by name. */
  of(message: Addressed): Recipient[] {
    return this.#state.recipientsOf(message);
  }

  /** Whether anybody may be offline. */
  hasUnsubscribed(message: Addressed): boolean {
    return this.of(message).some(({ clientId }) => !this.#delivery.isSubscribed(clientId));
  }

  /** How long (ms) until it is known of all who was online; undefined if it is known. */
  unknownFor(message: Addressed): number | undefined {
    const waits = this.of(message).map(({ clientId }) => this.#delivery.unknownFor(clientId));
    const known = waits.filter((wait) => wait !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  /** Includes members that could not be reached: an unneeded notification is better than a missing one. */
  isAway({ clientId, away }: Recipient): boolean {
    return (
      (away !== "no" && !this.#delivery.isSubscribed(clientId)) || this.#delivery.isUnreachable(clientId)
    );
  }
}

/** Splits the offline recipients into events of bounded size. */
export function offlineEvents(event: OfflineEvent, away: readonly Recipient[]): OfflineEvent[] {
  const events: OfflineEvent[] = [];
  for (let first = 0; first < away.length; first += RECIPIENTS_MAX) {
    const some = away.slice(first, first + RECIPIENTS_MAX);
    const muted = namesOf(some.filter((member) => member.muted));
    events.push({ ...event, id: `${event.id}-${first}`, offline: namesOf(some), muted });
  }
  return events;
}

export function namesOf(members: readonly Recipient[]): string[] {
  return members.map(({ clientId }) => clientId);
}
