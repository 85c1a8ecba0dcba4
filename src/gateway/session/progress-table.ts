import { ConversationProgress } from "./conversation-progress.ts";

const LIMIT = 2_000; // conversations

/** The progress of a session in each conversation, of the conversations used last and of those in use. */
export class ProgressTable {
  readonly #progress = new Map<string, ConversationProgress>();
  /** The one used last. */
  #last: { conversationId: string; progress: ConversationProgress } | undefined;
  readonly #isInUse: (conversationId: string) => boolean;

  /** @param isInUse whether the progress in a conversation must be kept although there are too many conversations */
  constructor(isInUse: (conversationId: string) => boolean) {
    this.#isInUse = isInUse;
  }

  /** The progress in a conversation; undefined if there is none, or it is forgotten. */
  get(conversationId: string): ConversationProgress | undefined {
    if (this.#last?.conversationId === conversationId) return this.#last.progress;
    return this.#progress.get(conversationId);
  }

  /** The progress in a conversation, which is the one used last from now on. */
  use(conversationId: string): ConversationProgress {
    if (this.#last?.conversationId === conversationId) return this.#last.progress;
    const progress = this.#progress.get(conversationId) ?? new ConversationProgress();
    this.#progress.delete(conversationId);
    this.#progress.set(conversationId, progress);
    this.#last = { conversationId, progress };
    if (this.#progress.size > LIMIT) this.#forgetOldest();
    return progress;
  }

  #forgetOldest(): void {
    for (const oldest of this.#progress.keys()) {
      if (this.#isInUse(oldest)) continue;
      this.#progress.delete(oldest);
      if (this.#last?.conversationId === oldest) this.#last = undefined;
      return;
    }
  }
}
