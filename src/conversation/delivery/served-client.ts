import { LONGEST_DELIVERY } from "../../bounds.ts";
import { earlier } from "../../earlier.ts";
import type { OpenSessions } from "../../protocol/link-controls.ts";
import type { Subscription } from "./subscription.ts";

/** Times (ms) after which sessions without a subscription lack entries of the log, and notices; undefined if none. */
export interface Times {
  log: number | undefined;
  notices: number | undefined;
}

/** ms that the clocks of two objects may differ */
const CLOCK_TOLERANCE = 250;

/** The time of a report that a client has never logged in. */
export const NEVER_LOGGED_IN = 0;

const NONE: Times = { log: undefined, notices: undefined };

/** What sessions without a subscription lack. */
export interface Pending extends Times {
  events: PendingEvent[];
}

export interface PendingEvent {
  record: Uint8Array;
  isEphemeral: boolean;
  /** ms */
  sentAt: number;
  /** The sessions that received it by a subscription. */
  receivedBy: Set<string>;
}

type Call =
  | { state: "none" }
  /** The client's object is being called. What it is called for may not have arrived yet. */
  | { state: "calling"; content: Pending; settled: Promise<void> }
  /** No device was online, but one may come back until this time (ms). Then the client is called again. */
  | { state: "returning"; until: number };

/** One client, as a conversation serves it: by the subscriptions of its sessions, and by waking the others. */
export class ServedClient {
  readonly subscriptions: Subscription[] = [];
  pending: Pending = { ...NONE, events: [] };
  call: Call = { state: "none" };
  /** Calls that failed since the last one that did not. */
  failures = 0;
  /** What sessions were woken for in the last moments, by the second: they may not have heard of it yet. */
  #woken: (Times & { at: number })[] = [];
  /** The open sessions, as its object last reported them; undefined if that is not known. */
  #sessions: OpenSessions | undefined;
  /** The time of the newest report (ms, by its object's clock): older ones count no more. */
  #reportedAt = 0;

  get sessions(): OpenSessions | undefined {
    return this.#sessions;
  }

  /**
   * Takes a report of the open sessions, unless a newer one is known. A report that is much older is one by a clock that
   * was set back, unless it is that the client has never logged in. A report that does not name a session with a
   * subscription is older than that session, and perhaps than others, so nothing is known then. Returns whether it was
   * taken.
   */
  learn(sessions: OpenSessions): boolean {
    const age = this.#reportedAt - sessions.asOf;
    if (age > 0 && (age < LONGEST_DELIVERY || sessions.asOf === NEVER_LOGGED_IN)) return false;
    this.#reportedAt = sessions.asOf;
    const isOlder = this.subscriptions.some(({ sessionId }) => !sessions.ids.includes(sessionId));
    this.#sessions = isOlder ? undefined : sessions;
    return true;
  }

  /**
   * A session logged in. A report by a clock that was set back a little may have been taken for an older one. Returns
   * whether the session was not known.
   */
  loggedIn(sessionId: string): boolean {
    if (this.#sessions === undefined || this.#sessions.ids.includes(sessionId)) return false;
    this.#sessions = { ...this.#sessions, ids: [...this.#sessions.ids, sessionId] };
    return true;
  }

  /** A session subscribes. If the last report does not name it, it is older than the session, and perhaps than others. */
  subscribedBy(sessionId: string): void {
    if (this.#sessions?.ids.includes(sessionId) === false) this.#sessions = undefined;
  }

  /** Whether a session may be open: a report that is older than the last one, and still on its way, must not count. */
  get mayBeOnline(): boolean {
    return this.#reportedAt !== NEVER_LOGGED_IN && this.#sessions?.ids.length !== 0;
  }

  get sessionIds(): string[] {
    return this.subscriptions.map(({ sessionId }) => sessionId);
  }

  /** Whether a session may be online that has no subscription. */
  get mayHaveUnsubscribedSession(): boolean {
    if (this.subscriptions.length === 0 || this.#sessions === undefined) return true;
    const subscribed = this.sessionIds;
    return this.#sessions.ids.some((sessionId) => !subscribed.includes(sessionId));
  }

  get hasPending(): boolean {
    const { log, notices, events } = this.pending;
    return log !== undefined || notices !== undefined || events.length > 0;
  }

  /** Whether everything was handed over, as far as is known. */
  get isUpToDate(): boolean {
    return this.call.state === "none" && !this.hasPending;
  }

  /** Whether it has no subscription, and nothing is on its way to it. */
  get isIdle(): boolean {
    return this.subscriptions.length === 0 && this.isUpToDate && this.failures === 0;
  }

  /** Takes what is pending. */
  takePending(): Pending {
    const taken = this.pending;
    this.pending = { ...NONE, events: [] };
    return taken;
  }

  /** Adds to what is pending. */
  addPending(times: Partial<Times>): void {
    Object.assign(this.pending, earliest(this.pending, { ...NONE, ...times }));
  }

  /** Sessions were woken for this, now (ms). */
  wasWokenFor(times: Times, now: number): void {
    this.#woken = this.#woken.filter(({ at }) => now - at < LONGEST_DELIVERY);
    const last = this.#woken.at(-1);
    if (last !== undefined && now - last.at < 1_000) Object.assign(last, earliest(last, times));
    else this.#woken.push({ log: times.log, notices: times.notices, at: now });
  }

  /**
   * What a session was woken for that logged in then, in the last moments before now (ms). For earlier wakes, its login
   * found the conversation in the inbox.
   */
  recentlyWokenFor(admittedAt: number, now: number): Times {
    const recent = this.#woken.filter(
      ({ at }) => now - at < LONGEST_DELIVERY && at >= admittedAt - CLOCK_TOLERANCE,
    );
    return recent.reduce<Times>(earliest, NONE);
  }

  /** What is pending, or what its object is being called for. */
  get unconfirmed(): Times {
    const calling = this.call.state === "calling" ? this.call.content : NONE;
    return earliest(this.pending, calling);
  }
}

function earliest(one: Times, other: Times): Times {
  return { log: earlier(one.log, other.log), notices: earlier(one.notices, other.notices) };
}
