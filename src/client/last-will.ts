import { isConversationId, newMessageId } from "../conversation/ids.ts";
import { loggableError } from "../loggable-error.ts";
import type { CommandOf } from "../protocol/commands.ts";
import * as replies from "../protocol/replies.ts";
import type { Services } from "./ports.ts";
import type { Wills } from "./wills.ts";

const RETRY = 5_000; // ms
/** So long after its author was lost (ms) a will is still news. */
const GIVE_UP = 5 * 60 * 1000;

interface Author {
  clientId: string;
  sessionId: string;
  /** Whether the session is still there, open. */
  isOpen: () => boolean;
  /** Has the session remembered, should everything go down. */
  remember: () => void;
}

/**
 * The will of one client: held here, sent through its conversation when the session that handed it over is lost
 * (M-47 to M-50). It is written before anything is promised or tried, and the conversation knows one it has sent
 * already, so it is sent once whatever dies in between (I7).
 */
export class LastWill {
  readonly #wills: Wills;
  readonly #services: Services;
  #last: Promise<unknown> = Promise.resolve();

  constructor(wills: Wills, services: Services) {
    this.#wills = wills;
    this.#services = services;
  }

  get isDue(): boolean {
    return this.#wills.current()?.dueAt !== undefined;
  }

  /** Takes a will in, in place of any earlier one; resolves to the answer. Of several at once the last one counts. */
  handOver(author: Author, command: CommandOf<"message.send">): Promise<Uint8Array> {
    const answer = this.#last.then(() => this.#take(author, command));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #take(author: Author, command: CommandOf<"message.send">): Promise<Uint8Array> {
    const { clientId, sessionId, isOpen, remember } = author;
    const { serial, conversationId, content, mentionAll, mentions } = command;
    const belongs =
      isConversationId(conversationId) &&
      (await this.#services.existing([conversationId])).length > 0 &&
      (await this.#services.isMember(conversationId, clientId));
    const timestamp = this.#services.now();
    const place = { conversationId, messageId: newMessageId(timestamp), timestamp };
    // Whoever is gone by now has heard no promise.
    if (!isOpen()) return replies.messageRefused(serial, { ...place, error: "SESSION_REQUIRED" });
    if (!belongs) return replies.messageRefused(serial, { ...place, error: "INVALID_MESSAGING_TARGET" });
    const will = { id: place.messageId, content, mentionAll, mentions };
    remember();
    this.#wills.keep({ clientId, sessionId, conversationId, will });
    return replies.messageAccepted(serial, place);
  }

  /** The session ended in good order, or gave way to another: its will is not to be sent. */
  discard(sessionId: string): void {
    const kept = this.#wills.current();
    if (kept?.sessionId === sessionId && kept.dueAt === undefined) this.#wills.drop(kept.will.id);
  }

  /** The device is back: its new session takes over what an earlier one left. Whether that was anything. */
  continued(sessionId: string, by: string): boolean {
    const kept = this.#wills.current();
    if (kept?.sessionId !== sessionId || kept.dueAt !== undefined) return false;
    this.#wills.inherit(by);
    return true;
  }

  /** These sessions are all there are: a will of any other is due, whatever became of its session. */
  onlyThese(sessionIds: readonly string[]): void {
    const kept = this.#wills.current();
    if (kept === undefined || sessionIds.includes(kept.sessionId)) return;
    this.#wills.due(this.#services.now());
  }

  /** Sends what is due, and tries again later if the conversation does not answer. */
  async send(): Promise<void> {
    const kept = this.#wills.current();
    if (kept?.dueAt === undefined) return;
    const { clientId, conversationId, will, dueAt } = kept;
    if (this.#services.now() - dueAt > GIVE_UP) return this.#wills.drop(will.id);
    try {
      await this.#services.will(conversationId, clientId, will);
      this.#wills.drop(will.id);
    } catch (error) {
      console.warn(`will in ${conversationId} is late:`, loggableError(error));
      this.#services.retryAfter(RETRY);
    }
  }
}
