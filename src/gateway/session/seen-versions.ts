import { SEEN_VERSION_LIFETIME, type SeenVersion } from "../../protocol/seen-version.ts";

/** The number of conversations remembered: more than people read in that time, and each query names them all. */
const LIMIT = 200;

/** The newest state of each conversation that a session has seen lately: no list may be older than that. */
export class SeenVersions {
  /** Undefined until the session has seen one: many sessions are idle. */
  #seen: Map<string, { upTo: number; changedAt: number; at: number }> | undefined;

  /**
   * @param upTo time of an entry of the log (ms)
   * @param now (ms)
   */
  sawEntry(conversationId: string, upTo: number, now: number): void {
    this.#add(conversationId, { upTo, changedAt: 0 }, now);
  }

  /** Takes the state that the answer of an object has shown. */
  sawVersion({ conversationId, upTo, changedAt }: SeenVersion, now: number): void {
    this.#add(conversationId, { upTo, changedAt }, now);
  }

  /** @param changedAt time of a change of members or attributes (ms) */
  sawChange(conversationId: string, changedAt: number, now: number): void {
    this.#add(conversationId, { upTo: 0, changedAt }, now);
  }

  /** The states seen within the last ten minutes before now (ms). */
  recent(now: number): SeenVersion[] {
    if (this.#seen === undefined) return [];
    for (const [conversationId, { at }] of this.#seen) {
      if (at < now - SEEN_VERSION_LIFETIME) this.#seen.delete(conversationId);
    }
    return [...this.#seen].map(([conversationId, { upTo, changedAt }]) => {
      return { conversationId, upTo, changedAt };
    });
  }

  #add(conversationId: string, { upTo, changedAt }: { upTo: number; changedAt: number }, now: number): void {
    this.#seen ??= new Map();
    const known = this.#seen.get(conversationId);
    if (known !== undefined && known.at === now) {
      // Of many entries at once, each is counted without moving its place in the map.
      known.upTo = Math.max(upTo, known.upTo);
      known.changedAt = Math.max(changedAt, known.changedAt);
      return;
    }
    this.#seen.delete(conversationId);
    this.#seen.set(conversationId, {
      upTo: Math.max(upTo, known?.upTo ?? 0),
      changedAt: Math.max(changedAt, known?.changedAt ?? 0),
      at: now,
    });
    if (this.#seen.size <= LIMIT) return;
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}
