import { appOf } from "../../app/app.ts";
import type { Env } from "../../bindings.ts";
import { CONVERSATIONS_REMEMBERED, WOKEN_WITHOUT_INDEX } from "../../bounds.ts";
import { existingAmong, type IndexedConversation } from "../../database/conversations/existing.ts";
import { withDeadline } from "../../deadline.ts";
import { elapsed } from "../../elapsed.ts";
import { loggableError } from "../../loggable-error.ts";
import { MinuteCounts } from "../../minute-counts.ts";
import type { ConversationRecord } from "../../model/records.ts";
import { endOf, isTemporaryId, TemporaryIds } from "../../protocol/temporary-ids.ts";

type Kind = ConversationRecord["kind"];

/** The indexes of existing conversations. Both may fail. */
export interface ConversationIndex {
  /** The ones that D1 has. */
  indexed(ids: string[]): Promise<IndexedConversation[]>;
  /** The ones that could not be saved to D1 yet. */
  unindexed(ids: string[]): Promise<string[]>;
}

const DEADLINE = 1_000; // ms for each of the two
const RETRY = 1_000; // ms between queries while the index fails
/**
 * Finds out which conversations exist. D1's index is asked before an object is woken, so that none is created for an
 * unused id; known conversations are remembered in the isolate. The index has a conversation before its creation is
 * answered; a conversation created while D1 was down is on the app's list of those that are behind. While both fail,
 * every id may exist: waking an object in vain is better than denying a conversation. Temporary conversations are in no
 * index: their ids prove themselves.
 */
export class KnownConversations {
  readonly #index: ConversationIndex;
  readonly #temporaryIds: Pick<TemporaryIds, "isGenuine">;
  readonly #now: () => number;
  readonly #known = new Map<string, Kind>();
  #failedAt = Number.NEGATIVE_INFINITY;
  readonly #woken = new MinuteCounts();

  constructor(
    index: ConversationIndex,
    temporaryIds: Pick<TemporaryIds, "isGenuine">,
    now: () => number = Date.now,
  ) {
    this.#index = index;
    this.#temporaryIds = temporaryIds;
    this.#now = now;
  }

  /** Called when a conversation was just created or has answered. */
  add({ id, kind }: IndexedConversation): void {
    if (isTemporaryId(id) || this.#known.has(id)) return;
    const [first] = this.#known.keys();
    if (this.#known.size >= CONVERSATIONS_REMEMBERED && first !== undefined) this.#known.delete(first);
    this.#known.set(id, kind);
  }

  async has(id: string): Promise<boolean> {
    return (await this.among([id])).length > 0;
  }

  /** The kind of a conversation; "unknown" if it may exist and the index does not have it; undefined if there is none. */
  async kindOf(id: string): Promise<Kind | "unknown" | undefined> {
    if (!(await this.has(id))) return undefined;
    return isTemporaryId(id) ? "temporary" : (this.#known.get(id) ?? "unknown");
  }

  /** The kinds of some conversations, as `kindOf`; those that do not exist are left out. Rejects as `among`. */
  async kindsAmong(ids: readonly string[]): Promise<Map<string, Kind | "unknown">> {
    const kinds = new Map<string, Kind | "unknown">();
    for (const id of await this.among(ids))
      kinds.set(id, isTemporaryId(id) ? "temporary" : (this.#known.get(id) ?? "unknown"));
    return kinds;
  }

  /**
   * The ids that may be conversations, in the order given. Rejects if the indexes fail and too many objects were woken
   * without them already.
   */
  async among(ids: readonly string[]): Promise<string[]> {
    const unknown = ids.filter((id) => !isTemporaryId(id) && !this.#known.has(id));
    const found = new Set(unknown.length === 0 ? [] : await this.#find(unknown));
    return ids.filter((id) =>
      isTemporaryId(id) ? this.#isCurrent(id) : this.#known.has(id) || found.has(id),
    );
  }

  /**
   * The ids that are conversations now: unlike `among`, without those deleted since they became known. All of them if the
   * indexes fail.
   */
  async current(ids: readonly string[]): Promise<Set<string>> {
    try {
      const indexed = await withDeadline(this.#index.indexed([...ids]), DEADLINE, "index of conversations");
      const there = new Set(indexed.map(({ id }) => id));
      const rest = ids.filter((id) => !there.has(id));
      if (rest.length === 0) return there;
      const late = await withDeadline(this.#index.unindexed(rest), DEADLINE, "conversations that are behind");
      return new Set([...there, ...late]);
    } catch (error) {
      console.warn("which conversations are deleted is not known:", loggableError(error));
      return new Set(ids);
    }
  }

  /** Whether a temporary conversation with this id was begun and has not ended (E-01). */
  #isCurrent(id: string): boolean {
    return (endOf(id) ?? 0) > this.#now() && this.#temporaryIds.isGenuine(id);
  }

  async #find(ids: string[]): Promise<string[]> {
    if (elapsed(this.#failedAt, this.#now()) < RETRY) return this.#countWakes(ids);
    try {
      const indexed = await withDeadline(this.#index.indexed(ids), DEADLINE, "index of conversations");
      for (const conversation of indexed) this.add(conversation);
      const there = new Set(indexed.map(({ id }) => id));
      const rest = ids.filter((id) => !there.has(id));
      if (rest.length === 0) return ids;
      const late = await withDeadline(this.#index.unindexed(rest), DEADLINE, "conversations that are behind");
      return [...there, ...late];
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
export function knownConversations(
  env: Pick<Env, "DB" | "APP" | "APP_ID" | "MASTER_KEY">,
): KnownConversations {
  let conversations = known.get(env.DB);
  if (conversations === undefined) {
    const index = {
      indexed: (ids: string[]) => existingAmong(env.DB, ids),
      unindexed: (ids: string[]) => appOf(env).archiveBehindAmong(ids),
    };
    conversations = new KnownConversations(index, new TemporaryIds(env.APP_ID, env.MASTER_KEY));
    known.set(env.DB, conversations);
  }
  return conversations;
}
