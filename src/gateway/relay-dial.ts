import type { SubscriptionRequest } from "../protocol/link-controls.ts";
import { LEVELS, relayOf } from "../relay/tree.ts";
import type { Dial, LinkEvents, LinkRefusal, LinkSocket } from "./session/link-socket.ts";

/** Who does not serve a session names the level of relays to try next. */
export interface ServedElsewhere {
  level: number;
}

/** Dials a conversation, or the relay that the request names. */
export type RelayDial = (
  request: SubscriptionRequest,
  events: LinkEvents,
) => Promise<LinkSocket | LinkRefusal | ServedElsewhere>;

const REMEMBERED = 5_000; // ms
const CONVERSATIONS_MAX = 1_000;

/** At which level of relays an isolate last found room, by conversation: a crowd that comes does not ask each time. */
export class RelayLevels {
  readonly #levels = new Map<string, { level: number; at: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** 0 for the conversation itself. */
  of(conversationId: string): number {
    const known = this.#levels.get(conversationId);
    if (known === undefined) return 0;
    const age = this.#now() - known.at;
    if (age >= 0 && age < REMEMBERED) return known.level;
    this.#levels.delete(conversationId);
    return 0;
  }

  /** A conversation named a level, or a relay of the level before is full. */
  learn(conversationId: string, level: number): void {
    const at = this.#levels.get(conversationId)?.at ?? this.#now();
    this.#levels.delete(conversationId);
    this.#levels.set(conversationId, { level, at });
    const [first] = this.#levels.keys();
    if (this.#levels.size > CONVERSATIONS_MAX && first !== undefined) this.#levels.delete(first);
  }
}

/** Dials conversations, each where it serves: its own object, or one of its relays. */
export function dialThroughRelays(dial: RelayDial, levels: RelayLevels): Dial<SubscriptionRequest> {
  return async (request, events) => {
    const { conversationId, clientId } = request;
    let level = levels.of(conversationId);
    for (;;) {
      const relay = level === 0 ? undefined : relayOf(level, clientId);
      const result = await dial({ ...request, relay }, events);
      if (typeof result !== "object" || !("level" in result)) return result;
      if (result.level <= level || result.level > LEVELS) throw new Error("no relay has room");
      level = result.level;
      levels.learn(conversationId, level);
    }
  };
}
