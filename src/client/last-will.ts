import { isConversationId, newMessageId } from "../conversation/messages/ids.ts";
import { loggableError } from "../loggable-error.ts";
import type { CommandOf } from "../protocol/commands.ts";
import * as replies from "../protocol/replies.ts";
import { endOf } from "../protocol/temporary-ids.ts";
import type { ClientServices } from "./client-ports.ts";
import type { WillStorage } from "./will-storage.ts";

const RETRY = 5_000; // ms
/** How long (ms) a will is still sent after its author was lost. */
const GIVE_UP = 5 * 60 * 1000;

interface Author {
  clientId: string;
  sessionId: string;
  /** Whether the session is still open. */
  isOpen: () => boolean;
  /** Stores the session, so that a crash does not lose it. */
  remember: () => void;
}

/**
 * The will of one client: kept here and sent through its conversation when the session that set it is lost (M-47 to
 * M-50). It is written before it is confirmed or sent, and the conversation recognises a will that it has sent already.
 * So it is sent once, whatever fails in between (I7).
 */
export class LastWill {
  readonly #wills: WillStorage;
  readonly #services: ClientServices;
  #last: Promise<unknown> = Promise.resolve();

  constructor(wills: WillStorage, services: ClientServices) {
    this.#wills = wills;
    this.#services = services;
  }

  get isDue(): boolean {
    return this.#wills.current()?.dueAt !== undefined;
  }

  /** Sets the will in place of an earlier one, and resolves to the reply. Of several commands the last one counts. */
  set(author: Author, command: CommandOf<"message.send">): Promise<Uint8Array> {
    const answer = this.#last.then(() => this.#take(author, command));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #take(author: Author, command: CommandOf<"message.send">): Promise<Uint8Array> {
    const { clientId, sessionId, isOpen, remember } = author;
    const { serial, conversationId, content, mentionAll, mentions } = command;
    const exists =
      isConversationId(conversationId) && (await this.#services.existing([conversationId])).length > 0;
    const refusal = exists
      ? await this.#services.writeRefusal(conversationId, clientId)
      : endOf(conversationId) === undefined
        ? "INVALID_MESSAGING_TARGET"
        : "TEMPORARY_CONVERSATION_EXPIRED";
    const timestamp = this.#services.now();
    const place = { conversationId, messageId: newMessageId(timestamp), timestamp };
    // A session that is closed by now was sent no confirmation.
    if (!isOpen()) return replies.messageRefused(serial, { ...place, error: "SESSION_REQUIRED" });
    if (refusal !== undefined) return replies.messageRefused(serial, { ...place, error: refusal });
    const will = { id: place.messageId, content, mentionAll, mentions };
    remember();
    this.#wills.keep({ clientId, sessionId, conversationId, will });
    return replies.messageAccepted(serial, place);
  }

  /** The session logged out, or another device displaced it: its will is not sent. */
  discard(sessionId: string): void {
    const kept = this.#wills.current();
    if (kept?.sessionId === sessionId && kept.dueAt === undefined) this.#wills.drop(kept.will.id);
  }

  /** The device is back: its new session takes over the will of an earlier one. Returns whether there was one. */
  continued(sessionId: string, by: string): boolean {
    const kept = this.#wills.current();
    if (kept?.sessionId !== sessionId || kept.dueAt !== undefined) return false;
    this.#wills.inherit(by);
    return true;
  }

  /** These are all open sessions: the will of any other session is due. */
  onlyThese(sessionIds: readonly string[]): void {
    const kept = this.#wills.current();
    if (kept === undefined || sessionIds.includes(kept.sessionId)) return;
    this.#wills.due(this.#services.now());
  }

  /** Sends the will if it is due, and retries later if the conversation does not answer. */
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
