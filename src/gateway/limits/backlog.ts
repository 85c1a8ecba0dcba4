import { BACKLOG } from "../../bounds.ts";

/**
 * How long (ms) the last check counts whether the server is behind with all conversations: the check takes time as
 * well.
 */
const CHECK_LIFETIME = 100;

/** A send that was forwarded and has no answer yet. */
export interface WaitingSend {
  readonly conversationId: string;
  readonly since: number;
}

/**
 * The sends of an isolate that wait for an answer. If a conversation, or more than half of all conversations with such
 * sends, is too far behind, new sends are refused at once. That is better than to accept them and answer after their
 * SDK has given up (I13). The accepted ones are completed meanwhile, and then sends are taken again.
 */
export class Backlog {
  /** By conversation, in the order in which they were forwarded. */
  readonly #waiting = new Map<string, Set<WaitingSend>>();
  #behind = { checkedAt: Number.NEGATIVE_INFINITY, is: false };

  forwarded(conversationId: string, now: number): WaitingSend {
    const waiting = { conversationId, since: now };
    const others = this.#waiting.get(conversationId);
    if (others === undefined) this.#waiting.set(conversationId, new Set([waiting]));
    else others.add(waiting);
    return waiting;
  }

  /** The send was answered, or its session is over. */
  finished(waiting: WaitingSend): void {
    const others = this.#waiting.get(waiting.conversationId);
    others?.delete(waiting);
    if (others?.size === 0) this.#waiting.delete(waiting.conversationId);
  }

  /** Whether a command that arrives now is to be refused. */
  refuses(conversationId: string | undefined, now: number): boolean {
    const own = conversationId === undefined ? undefined : this.#waiting.get(conversationId);
    if (own !== undefined && own.size >= BACKLOG.manySends && isBehind(own, now, BACKLOG.waitOfMany))
      return true;
    if (this.#waiting.size < BACKLOG.conversations) return false;
    const age = now - this.#behind.checkedAt;
    if (age < 0 || age >= CHECK_LIFETIME) this.#behind = { checkedAt: now, is: this.#isBehind(now) };
    return this.#behind.is;
  }

  #isBehind(now: number): boolean {
    let slow = 0;
    for (const sends of this.#waiting.values()) if (isBehind(sends, now, BACKLOG.wait)) slow += 1;
    return slow >= BACKLOG.conversations && slow * 2 > this.#waiting.size;
  }
}

function isBehind(sends: ReadonlySet<WaitingSend>, now: number, tooLong: number): boolean {
  const [oldest] = sends;
  return oldest !== undefined && now - oldest.since > tooLong;
}
