import { loggableError } from "../../loggable-error.ts";
import type { ConversationState } from "../state.ts";

/** Looks by the alarm are this far apart (ms): a quarter of the conversation's age, within these bounds. */
const PAUSE_FIRST = 15_000;
const PAUSE_LAST = 10 * 60_000;
/** Afterwards (ms) it looks with new messages alone: a conversation of invented names must not cost for a month. */
const LOOKS_FOR = 24 * 60 * 60_000;
/** Messages make no more looks than one in this time (ms). */
const PAUSE_BUSY = 1_000;

export interface UnseenMembersHost {
  now(): number;
  /** Whether a client has ever logged in, as far as is known. Rejects if that cannot be found out. */
  mayHaveLoggedIn(clientId: string): Promise<boolean>;
  /** A client has logged in: what is new since this time (ms) is delivered to it. */
  appeared(clientId: string, since: number): void;
  /** Calls `look` after this many milliseconds, even if the object hibernates or dies before. */
  lookWithin(delay: number): void;
}

/**
 * Members of a conversation that no index has, for whom no login is known. Their names may be invented, so no object is
 * woken for them; and their first login, which looks into the index, does not find the conversation. So the
 * conversation itself looks whether they have come: with what is new in it, and from time to time.
 */
export class UnseenMembers {
  readonly #state: ConversationState;
  readonly #host: UnseenMembersHost;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isLooking = false;

  constructor(state: ConversationState, host: UnseenMembersHost) {
    this.#state = state;
    this.#host = host;
  }

  /** No login of a member is known. */
  add(clientId: string): void {
    const member = this.#state.members.get(clientId);
    if (member === undefined || this.#state.isDeleted) return;
    this.#state.members.setAway(member, "unseen");
    this.#lookLater();
  }

  /** Something is new to all members. Looks now, or in a moment if it just has. */
  lookSoon(): void {
    if (this.#unseen.length === 0) return;
    const passed = this.#host.now() - this.#lookedAt;
    if (passed >= 0 && passed < PAUSE_BUSY) this.#host.lookWithin(PAUSE_BUSY - passed);
    else void this.look();
  }

  /** Looks which of them have logged in since. Never rejects. */
  async look(): Promise<void> {
    const unseen = this.#unseen;
    if (unseen.length === 0 || this.#isLooking) return;
    this.#isLooking = true;
    this.#lookedAt = this.#host.now();
    try {
      await Promise.all(unseen.map((clientId) => this.#lookFor(clientId)));
    } catch (error) {
      console.warn("members are not known yet:", loggableError(error));
    }
    this.#isLooking = false;
    if (this.#unseen.length > 0) this.#lookLater();
  }

  #lookLater(): void {
    const age = this.#host.now() - this.#state.facts.createdAt;
    if (age < LOOKS_FOR) this.#host.lookWithin(Math.min(Math.max(age / 4, PAUSE_FIRST), PAUSE_LAST));
  }

  async #lookFor(clientId: string): Promise<void> {
    const hasCome = await this.#host.mayHaveLoggedIn(clientId);
    const member = this.#state.members.get(clientId);
    if (hasCome && member?.away === "unseen" && !this.#state.isDeleted)
      this.#host.appeared(clientId, member.joinedAt);
  }

  get #unseen(): string[] {
    if (this.#state.isDeleted) return [];
    const members = [...this.#state.members.values()];
    return members.filter(({ away }) => away === "unseen").map(({ clientId }) => clientId);
  }
}
