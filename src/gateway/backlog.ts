import { BACKLOG } from "../bounds.ts";

/** How long (ms) it counts whether the server is behind with all of them: looking takes time as well. */
const LOOKED = 100;

/** One send that was handed on. */
export interface Waiting {
  readonly conversationId: string;
  readonly since: number;
}

/**
 * What the sends of an isolate wait for. Where a conversation, or more than half of all that anybody waits for, is too
 * long behind, what comes is better refused at once than accepted and answered when its SDK has given it up (I13).
 * What was accepted is done meanwhile, and then sends are taken again.
 */
export class Backlog {
  /** By conversation, in the order in which they were handed on. */
  readonly #waiting = new Map<string, Set<Waiting>>();
  #behind = { lookedAt: Number.NEGATIVE_INFINITY, is: false };

  handedOn(conversationId: string, now: number): Waiting {
    const waiting = { conversationId, since: now };
    const others = this.#waiting.get(conversationId);
    if (others === undefined) this.#waiting.set(conversationId, new Set([waiting]));
    else others.add(waiting);
    return waiting;
  }

  /** It was answered, or nobody waits for it any more. */
  over(waiting: Waiting): void {
    const others = this.#waiting.get(waiting.conversationId);
    others?.delete(waiting);
    if (others?.size === 0) this.#waiting.delete(waiting.conversationId);
  }

  /** Whether a command that comes now is to be refused. */
  refuses(conversationId: string | undefined, now: number): boolean {
    const own = conversationId === undefined ? undefined : this.#waiting.get(conversationId);
    if (own !== undefined && own.size >= BACKLOG.manySends && isBehind(own, now, BACKLOG.waitOfMany))
      return true;
    if (this.#waiting.size < BACKLOG.conversations) return false;
    const passed = now - this.#behind.lookedAt;
    if (passed < 0 || passed >= LOOKED) this.#behind = { lookedAt: now, is: this.#isBehind(now) };
    return this.#behind.is;
  }

  #isBehind(now: number): boolean {
    let slow = 0;
    for (const sends of this.#waiting.values()) if (isBehind(sends, now, BACKLOG.wait)) slow += 1;
    return slow >= BACKLOG.conversations && slow * 2 > this.#waiting.size;
  }
}

function isBehind(sends: ReadonlySet<Waiting>, now: number, tooLong: number): boolean {
  const [oldest] = sends;
  return oldest !== undefined && now - oldest.since > tooLong;
}
