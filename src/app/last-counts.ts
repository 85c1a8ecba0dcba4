import { elapsed } from "../elapsed.ts";
import { loggableError } from "../loggable-error.ts";
import type { PresenceCounts } from "./app-stub.ts";

/** How long (ms) a count stands in for a shard that does not answer. */
const LIFETIME = 10 * 60_000;

/** What an isolate last heard from each shard, so that one that fails does not leave an owner without numbers. */
export class LastCounts {
  static readonly #ofNamespaces = new WeakMap<object, LastCounts>();
  readonly #counts = new Map<number, PresenceCounts & { at: number }>();

  /** Those of a namespace of shards, shared by the isolate. */
  static of(namespace: object): LastCounts {
    const known = LastCounts.#ofNamespaces.get(namespace) ?? new LastCounts();
    LastCounts.#ofNamespaces.set(namespace, known);
    return known;
  }

  /** The shard's answer, or its last one. Rejects without either. */
  async orLast(shard: number, answer: Promise<PresenceCounts>, now = Date.now): Promise<PresenceCounts> {
    try {
      const counts = await answer;
      this.#counts.set(shard, { ...counts, at: now() });
      return counts;
    } catch (error) {
      const last = this.#counts.get(shard);
      if (last === undefined || elapsed(last.at, now()) > LIFETIME) throw error;
      console.warn("presence: a shard's last count stands in:", loggableError(error));
      return last;
    }
  }
}
