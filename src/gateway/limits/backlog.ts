import { BACKLOG } from "../../bounds.ts";

/**
 * How long (ms) the last check counts whether the server is behind with all conversations: the check takes time as
 * well.
 */
const CHECK_LIFETIME = 100;

/** A send that was forwarded and has no answer yet. */
export interface WaitingSend {
  readonly conversationId: string;
  readonly clientId: string;
  readonly since: number;
}

/**
 * The sends of an isolate that wait for an answer. If a conversation, or more than half of all conversations with such
 * sends, is too far behind, new sends are refused at once. That is better than to accept them and answer after their
 * SDK has given up (I13). The accepted ones are completed meanwhile, and then sends are taken again. Before a
 * conversation is that far behind, new sends of those who have far more waiting in it than others are refused.
 */
export class Backlog {
  /** By conversation, in the order in which they were forwarded. */
  readonly #waiting = new Map<string, ConversationBacklog>();
  #behind = { checkedAt: Number.NEGATIVE_INFINITY, is: false };

  forwarded(conversationId: string, clientId: string, now: number): WaitingSend {
    const waiting = { conversationId, clientId, since: now };
    const others = this.#waiting.get(conversationId) ?? new ConversationBacklog();
    others.add(waiting);
    this.#waiting.set(conversationId, others);
    return waiting;
  }

  /** The send was answered, or its session is over. */
  finished(waiting: WaitingSend): void {
    const others = this.#waiting.get(waiting.conversationId);
    others?.remove(waiting);
    if (others?.size === 0) this.#waiting.delete(waiting.conversationId);
  }

  /** Whether a command that a client sends now is to be refused. */
  refuses(conversationId: string | undefined, clientId: string, now: number): boolean {
    const own = conversationId === undefined ? undefined : this.#waiting.get(conversationId);
    if (own !== undefined && own.size >= BACKLOG.manySends) {
      if (own.isBehind(now, BACKLOG.waitOfMany)) return true;
      if (own.isBehind(now, BACKLOG.waitOfSome) && own.hasMoreThanOthers(clientId)) return true;
    }
    if (this.#waiting.size < BACKLOG.conversations) return false;
    const age = now - this.#behind.checkedAt;
    if (age < 0 || age >= CHECK_LIFETIME) this.#behind = { checkedAt: now, is: this.#isBehind(now) };
    return this.#behind.is;
  }

  #isBehind(now: number): boolean {
    let slow = 0;
    for (const sends of this.#waiting.values()) if (sends.isBehind(now, BACKLOG.wait)) slow += 1;
    return slow >= BACKLOG.conversations && slow * 2 > this.#waiting.size;
  }
}

/** The sends that wait in one conversation. */
class ConversationBacklog {
  /** In the order in which they were forwarded. */
  readonly #sends = new Set<WaitingSend>();
  readonly #byClient = new Map<string, number>();

  get size(): number {
    return this.#sends.size;
  }

  add(send: WaitingSend): void {
    this.#sends.add(send);
    this.#byClient.set(send.clientId, this.#countOf(send.clientId) + 1);
  }

  remove(send: WaitingSend): void {
    if (!this.#sends.delete(send)) return;
    const left = this.#countOf(send.clientId) - 1;
    if (left > 0) this.#byClient.set(send.clientId, left);
    else this.#byClient.delete(send.clientId);
  }

  isBehind(now: number, tooLong: number): boolean {
    const [oldest] = this.#sends;
    return oldest !== undefined && now - oldest.since > tooLong;
  }

  /** Whether far more of the client's sends wait than of the others here. Who is alone here has no more than others. */
  hasMoreThanOthers(clientId: string): boolean {
    const own = this.#countOf(clientId);
    const others = this.#byClient.size - 1;
    if (own < BACKLOG.ownSends || others === 0) return false;
    return own > (BACKLOG.timesOthers * (this.#sends.size - own)) / others;
  }

  #countOf(clientId: string): number {
    return this.#byClient.get(clientId) ?? 0;
  }
}
