/** Conversations that are looked up in one call. */
interface Lookup {
  ids: string[];
  found: Promise<Set<string>>;
}

/** Looks up which conversations may exist. Ids of one turn, as of a `read` of many conversations, share a call. */
export class ConversationLookup {
  readonly #existing: (conversationIds: string[]) => Promise<string[]>;
  #current: Lookup | undefined;

  /** @param existing returns those of some ids that may be conversations; rejects if that cannot be found out */
  constructor(existing: (conversationIds: string[]) => Promise<string[]>) {
    this.#existing = existing;
  }

  /** Whether a conversation with this id may exist. Rejects if that cannot be found out. */
  async mayExist(conversationId: string): Promise<boolean> {
    this.#current ??= this.#begin();
    this.#current.ids.push(conversationId);
    return (await this.#current.found).has(conversationId);
  }

  #begin(): Lookup {
    const ids: string[] = [];
    const find = async () => {
      await Promise.resolve();
      this.#current = undefined;
      return new Set(await this.#existing(ids));
    };
    return { ids, found: find() };
  }
}
