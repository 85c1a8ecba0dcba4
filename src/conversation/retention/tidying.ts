import type { OpenConversation } from "../assemble-conversation.ts";
import type { ConversationPlatform, ConversationServices } from "../conversation-ports.ts";
import { EVERYBODY, SUBSCRIBERS } from "../service/audiences.ts";
import { isIdle, keptFrom } from "./kept-from.ts";
import type { Tidied, TidyBounds } from "./tidied.ts";

/** Rows deleted in one turn: some milliseconds. */
const SLICE = 500;
/** Rows deleted by one call or alarm; the rest follows. */
const MOST = 10_000;
const TIDIED_EVERY = 24 * 60 * 60_000; // ms
const PAUSE = 1_000; // ms

/** The conversation of an object, as long as there is one. */
interface TidyingHost {
  open(): OpenConversation | undefined;
  /** Deletes it at once, for everybody. Resolves when its copy is cleared, or could not be. */
  remove(open: OpenConversation): Promise<unknown>;
}

/** Deletes what a conversation has had for longer than the settings say: old messages, or all of it if it is idle. */
export class Tidying {
  readonly #platform: Pick<ConversationPlatform, "now" | "alarm" | "inNextTurn">;
  readonly #services: Pick<ConversationServices, "settings" | "refreshSettings" | "retentionDeleted">;
  readonly #host: TidyingHost;
  /** When it was last seen that no message is too old (ms). */
  #tidiedAt = Number.NEGATIVE_INFINITY;

  constructor(
    platform: Pick<ConversationPlatform, "now" | "alarm" | "inNextTurn">,
    services: Pick<ConversationServices, "settings" | "refreshSettings" | "retentionDeleted">,
    host: TidyingHost,
  ) {
    this.#platform = platform;
    this.#services = services;
    this.#host = host;
  }

  /**
   * Deletes the conversation if it is idle, else its messages that are too old, as far as its own settings say so too. By
   * then D1 has everything, so that nothing is deleted that only D1 lacks.
   */
  async tidy(bounds: TidyBounds): Promise<Tidied> {
    if (this.#host.open() === undefined) return { outcome: "none" };
    await this.#services.refreshSettings();
    if (!(await this.#host.open()?.outbox.drain())) return { outcome: "later" };
    await this.#host.open()?.conversation.recorder.publish();
    const open = this.#host.open();
    if (open === undefined) return { outcome: "none" };
    // From here to the deletion nothing is awaited: a message comes before and is activity, or after and is refused.
    open.conversation.flush();
    const isIdleThere = open.state.lastActivity < bounds.idleBefore;
    if (isIdleThere && isIdle(open.state, this.#services.settings(), this.#platform.now())) {
      const removed = this.#host.remove(open);
      this.#services.retentionDeleted("conversation");
      await removed;
      return { outcome: "deleted" };
    }
    return this.#deleteExpired(open, bounds.keptFrom);
  }

  /** A conversation in use deletes its old messages by its alarm, once a day. The rest waits for the daily job. */
  async tidyInUse(open: OpenConversation): Promise<void> {
    const { now, alarm } = this.#platform;
    const from = keptFrom(open.state, this.#services.settings(), now());
    if (from === 0 || (now() >= this.#tidiedAt && now() < this.#tidiedAt + TIDIED_EVERY)) return;
    if ((open.state.log.expired.oldest ?? from) >= from) {
      this.#tidiedAt = now();
      return;
    }
    const { clearedTo } = await this.#deleteExpired(open, from);
    if (clearedTo === undefined) alarm.within(PAUSE);
    else this.#tidiedAt = now();
  }

  async #deleteExpired(open: OpenConversation, from: number): Promise<Extract<Tidied, { outcome: "kept" }>> {
    const tidied = await this.#deleteSlices(open, from);
    if (tidied.messages > 0) this.#services.retentionDeleted(tidied.messages);
    return { outcome: "kept", ...tidied };
  }

  /**
   * Deletes the messages that are older than both the settings and `from` (ms) say, a slice in each turn. A hold that
   * begins meanwhile counts from the next slice on.
   */
  async #deleteSlices(
    { state, mirror }: OpenConversation,
    from: number,
  ): Promise<{ messages: number; clearedTo: number | undefined }> {
    let messages = 0;
    for (;;) {
      const before = Math.min(from, keptFrom(state, this.#services.settings(), this.#platform.now()));
      if (before === 0 || state.isDeleted) return { messages, clearedTo: undefined };
      const { count, isComplete } = deleteSlice(state, mirror, before);
      messages += count;
      if (isComplete) return { messages, clearedTo: state.log.expired.oldest ?? before };
      if (messages >= MOST) return { messages, clearedTo: undefined };
      await new Promise<void>((resolve) => this.#platform.inNextTurn(resolve));
    }
  }
}

/** Of a service, the index goes with them; of a mirrored conversation, what they are at LeanCloud. */
function deleteSlice(
  { log, service }: OpenConversation["state"],
  mirror: OpenConversation["mirror"],
  before: number,
) {
  const deleted = log.expired.delete(before, SLICE);
  if (deleted.count === 0) return deleted;
  if (service !== undefined)
    for (const audience of [SUBSCRIBERS, EVERYBODY, ...deleted.clients])
      service.views.audiences.removeUpTo(audience, deleted.upTo);
  mirror.records.forgetUpTo(deleted.upTo);
  return deleted;
}
