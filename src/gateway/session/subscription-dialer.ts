import { LimitedCalls } from "../../limited-calls.ts";
import type { SessionReport, SubscriptionRequest } from "../../protocol/link-controls.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import type { Dial } from "./link-socket.ts";

/** One frame can name many conversations, and other sockets need the thread too. */
const DIALS_AT_ONCE = 8;

/** What dialling needs of the gateway. */
export interface DialServices {
  /** Whether a conversation with this id may exist. Rejects if that cannot be found out. */
  mayExist(conversationId: string): Promise<boolean>;
  dialConversation: Dial<SubscriptionRequest>;
  /** Calls `run` once after this many milliseconds. Returns a function that cancels it. */
  timer(milliseconds: number, run: () => void): () => void;
}

/**
 * Dials the subscriptions of one session: a few at a time, each after the client's inbox has its conversation, as
 * records that arrive by a subscription leave no other trace (I4).
 */
export class SubscriptionDialer {
  readonly #services: DialServices;
  readonly #report: (report: SessionReport) => void;
  readonly #calls: LimitedCalls;
  /** Called once the inbox has the conversation, by conversation id. */
  readonly #confirmations = new Map<string, () => void>();

  /** @param report sends a report to the client's object */
  constructor(services: DialServices, report: (report: SessionReport) => void) {
    this.#services = services;
    this.#report = report;
    this.#calls = new LimitedCalls(DIALS_AT_ONCE, () => yieldToEventLoop(services));
  }

  readonly dial: Dial<SubscriptionRequest> = (request, events) =>
    this.#calls.run(() => this.#dial(request, events));

  /** The inbox has the conversation. */
  confirmed(conversationId: string): void {
    this.#confirmations.get(conversationId)?.();
    this.#confirmations.delete(conversationId);
  }

  readonly #dial: Dial<SubscriptionRequest> = async (request, events) => {
    const { conversationId, since } = request;
    // A name that nobody has gets neither an object nor a row in the inbox.
    if (since === undefined && !(await this.#services.mayExist(conversationId))) return "missing";
    this.#report({ type: "subscribing", conversationId });
    await new Promise<void>((confirmed) => this.#confirmations.set(conversationId, confirmed));
    return this.#services.dialConversation(request, events);
  };
}
