import { LimitedCalls } from "../../limited-calls.ts";
import type { OpenSessions, SessionReport, SubscriptionRequest } from "../../protocol/link-controls.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import type { ConversationKind } from "../conversation-lookup.ts";
import type { Dial } from "./link-socket.ts";

/** One frame can name many conversations, and other sockets need the thread too. */
const DIALS_AT_ONCE = 8;
const NOTED_DEADLINE = 8_000; // ms for the client's object to note a subscription

/** What dialling needs of the gateway. */
export interface DialServices {
  /** The kind of a conversation; undefined if there is none. Rejects if that cannot be found out. */
  kindOf(conversationId: string): Promise<ConversationKind | undefined>;
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
  readonly #waitingForNoted = new Map<string, (sessions: OpenSessions) => void>();
  /** Conversations that the session was woken for: the inbox has them already. */
  readonly #woken = new Set<string>();
  /** Rooms: no inbox has one, since nobody is sent later what they missed there. */
  readonly #rooms = new Set<string>();

  /** @param report sends a report to the client's object */
  constructor(services: DialServices, report: (report: SessionReport) => void) {
    this.#services = services;
    this.#report = report;
    this.#calls = new LimitedCalls(DIALS_AT_ONCE, () => yieldToEventLoop(services));
  }

  readonly dial: Dial<SubscriptionRequest> = (request, events) =>
    this.#calls.run(() => this.#dial(request, events));

  /** The session is woken for a conversation, so the inbox has it: the next dial need not wait for that. */
  woken(conversationId: string): void {
    this.#woken.add(conversationId);
  }

  /** The inbox has the conversation. */
  noted(conversationId: string, sessions: OpenSessions): void {
    this.#waitingForNoted.get(conversationId)?.(sessions);
    this.#waitingForNoted.delete(conversationId);
  }

  readonly #dial: Dial<SubscriptionRequest> = async (request, events) => {
    const { conversationId, since } = request;
    const isWoken = this.#woken.delete(conversationId);
    if (!isWoken && since === undefined) {
      const kind = await this.#services.kindOf(conversationId);
      // A name that nobody has gets neither an object nor a row in the inbox.
      if (kind === undefined) return "missing";
      if (kind === "room") this.#rooms.add(conversationId);
    }
    if (this.#rooms.has(conversationId)) return this.#services.dialConversation(request, events);
    this.#report({ type: "subscribing", conversationId });
    const sessions = isWoken ? undefined : await this.#noted(conversationId);
    return this.#services.dialConversation({ ...request, sessions }, events);
  };

  /** Rejects if the client's object does not answer in time. */
  #noted(conversationId: string): Promise<OpenSessions> {
    return new Promise((noted, reject) => {
      const cancel = this.#services.timer(NOTED_DEADLINE, () => reject(new Error("not noted")));
      this.#waitingForNoted.set(conversationId, (sessions) => {
        cancel();
        noted(sessions);
      });
    });
  }
}
