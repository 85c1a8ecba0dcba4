import type { ConversationRecord } from "../model/records.ts";

/** The kind of a conversation; "unknown" if it may exist, and nothing more can be found out. */
export type ConversationKind = ConversationRecord["kind"] | "unknown";

/** Conversations that are looked up in one call. */
interface Lookup {
  ids: string[];
  found: Promise<Map<string, ConversationKind>>;
}

/** Looks up which conversations may exist. Ids of one turn, as of a `read` of many conversations, share a call. */
export class ConversationLookup {
  readonly #kinds: (conversationIds: string[]) => Promise<Map<string, ConversationKind>>;
  #current: Lookup | undefined;

  /** @param kinds the kinds of those of some ids that may be conversations; rejects if that cannot be found out */
  constructor(kinds: (conversationIds: string[]) => Promise<Map<string, ConversationKind>>) {
    this.#kinds = kinds;
  }

  /** The kind of a conversation; undefined if there is none. Rejects if that cannot be found out. */
  async kindOf(conversationId: string): Promise<ConversationKind | undefined> {
    this.#current ??= this.#begin();
    this.#current.ids.push(conversationId);
    return (await this.#current.found).get(conversationId);
  }

  #begin(): Lookup {
    const ids: string[] = [];
    const find = async () => {
      await Promise.resolve();
      this.#current = undefined;
      return this.#kinds(ids);
    };
    return { ids, found: find() };
  }
}
