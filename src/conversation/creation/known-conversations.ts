import { appOf } from "../../app/app-stub.ts";
import type { Env } from "../../bindings.ts";
import { CONVERSATIONS_REMEMBERED, WOKEN_WITHOUT_INDEX } from "../../bounds.ts";
import { existingAmong } from "../../database/conversations/existing.ts";
import { withDeadline } from "../../deadline.ts";
import { elapsed } from "../../elapsed.ts";
import { loggableError } from "../../loggable-error.ts";
import { MinuteCounts } from "../../minute-counts.ts";

/** The indexes of existing conversations. Both may fail. */
export interface ConversationIndex {
  /** The ones that D1 has. */
  indexed(ids: string[]): Promise<string[]>;
  /** The ones that could not be saved to D1 yet. */
  unindexed(ids: string[]): Promise<string[]>;
}

const DEADLINE = 1_000; // ms for each of the two
const RETRY = 1_000; // ms between queries while the index fails
/**
 * Finds out which conversations exist. D1's index is asked before an object is woken, so that none is created for an
 * unused id; known conversations are remembered in the isolate. The index has a conversation before its creation is
 * answered; a conversation created while D1 was down is on the app's list of those that are behind. While both fail,
 * every id may exist: waking an object in vain is better than denying a conversation.
 */
export class KnownConversations {
  readonly #index: ConversationIndex;
  readonly #now: () => number;
  readonly #known = new Set<string>();
  #failedAt = Number.NEGATIVE_INFINITY;
  readonly #woken = new MinuteCounts();

  constructor(index: ConversationIndex, now: () => number = Date.now) {
    this.#index = index;
    this.#now = now;
  }

  /** Called when a conversation was just created or has answered. */
  add(id: string): void {
    if (this.#known.has(id)) return;
    const [first] = this.#known;
    if (this.#known.size >= CONVERSATIONS_REMEMBERED && first !== undefined) this.#known.delete(first);
    this.#known.add(id);
  }

  async has(id: string): Promise<boolean> {
    return (await this.among([id])).length > 0;
  }

  /**
   * The ids that may be conversations, in the order given. Rejects if the indexes fail and too many objects were woken
   * without them already.
   */
  async among(ids: readonly string[]): Promise<string[]> {
    const unknown = ids.filter((id) => !this.#known.has(id));
    if (unknown.length === 0) return [...ids];
    const found = new Set(await this.#find(unknown));
    return ids.filter((id) => this.#known.has(id) || found.has(id));
  }

  async #find(ids: string[]): Promise<string[]> {
    if (elapsed(this.#failedAt, this.#now()) < RETRY) return this.#countWakes(ids);
    try {
      const indexed = await withDeadline(this.#index.indexed(ids), DEADLINE, "index of conversations");
      for (const id of indexed) this.add(id);
      const rest = ids.filter((id) => !indexed.includes(id));
      if (rest.length === 0) return indexed;
      const late = await withDeadline(this.#index.unindexed(rest), DEADLINE, "conversations that are behind");
      return [...indexed, ...late];
    } catch (error) {
      console.warn("which conversations there are is not known:", loggableError(error));
      this.#failedAt = this.#now();
      return this.#countWakes(ids);
    }
  }

  #countWakes(ids: string[]): string[] {
    const woken = this.#woken.current("woken", this.#now());
    woken.count += ids.length;
    if (woken.count > WOKEN_WITHOUT_INDEX) throw new Error("nobody knows which conversations there are");
    return ids;
  }
}

const known = new WeakMap<D1Database, KnownConversations>();

/** The known conversations of this isolate. */
export function knownConversations(env: Pick<Env, "DB" | "APP">): KnownConversations {
  let conversations = known.get(env.DB);
  if (conversations === undefined) {
    conversations = new KnownConversations({
      indexed: (ids) => existingAmong(env.DB, ids),
      unindexed: (ids) => appOf(env).archiveBehindAmong(ids),
    });
    known.set(env.DB, conversations);
  }
  return conversations;
}
