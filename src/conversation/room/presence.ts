import { elapsed } from "../../elapsed.ts";
import { isInPart } from "../../relay/tree.ts";
import type { Relays } from "../delivery/relays.ts";

/** The most clients that a sample of those present has. */
export const SAMPLE_MAX = 50;

/** How long it is remembered how many clients count more than once (ms): each relay has to be asked. */
const REPEATED_KNOWN = 5_000;

/** Clients that are compared with each other: of a larger audience, those of one part stand for all. */
const COMPARED_MAX = 10_000;

/** Where those present are served. */
interface Served {
  /** The sessions that the conversation serves itself. */
  audience(): { subscriptions: readonly { clientId: string }[] };
  readonly relays: Relays;
}

/** Who is present in a conversation without members: sessions here, and those at its relays. */
export class Presence {
  readonly #delivery: Served;
  readonly #now: () => number;
  #repeated: { askedAt: number; count: Promise<number> } | undefined;

  constructor(delivery: Served, now: () => number) {
    this.#delivery = delivery;
    this.#now = now;
  }

  /**
   * How many clients are present, as of the last second. A client with devices here and at relays, or at relays of
   * different levels, counts once, a few seconds later at the latest.
   */
  async count(): Promise<number> {
    const { relays } = this.#delivery;
    const here = this.#here();
    if (relays.size === 0) return here.size;
    // All devices of a client meet in one relay of a level.
    const levels = [here.size, ...(await relays.clientsByLevel())];
    const all = levels.reduce((sum, clients) => sum + clients, 0);
    const most = Math.max(...levels);
    if (most === all) return all;
    // What was compared a moment ago may be more than there are now.
    return Math.max(most, all - (await this.#countRepeated(here, all)));
  }

  #countRepeated(here: Set<string>, all: number): Promise<number> {
    if (this.#repeated === undefined || elapsed(this.#repeated.askedAt, this.#now()) > REPEATED_KNOWN) {
      const parts = Math.ceil(all / COMPARED_MAX);
      this.#repeated = { askedAt: this.#now(), count: this.#compare(here, parts) };
    }
    return this.#repeated.count;
  }

  /** How often clients count more than once, by those in one of so many parts of all clients. */
  async #compare(here: Set<string>, parts: number): Promise<number> {
    const lists = await this.#delivery.relays.part(parts);
    lists.push([...here].filter((clientId) => isInPart(clientId, parts)));
    const counted = lists.reduce((sum, { length }) => sum + length, 0);
    return (counted - new Set(lists.flat()).size) * parts;
  }

  /** Some of those present. */
  async sample(limit = SAMPLE_MAX): Promise<string[]> {
    const most = Math.min(Math.max(limit, 0), SAMPLE_MAX);
    const here = [...this.#here()].slice(0, most);
    const others = await this.#delivery.relays.sample(most - here.length);
    return [...new Set([...here, ...others])];
  }

  async isPresent(clientId: string): Promise<boolean> {
    if (this.#here().has(clientId)) return true;
    return (await this.#delivery.relays.presentAmong([clientId])).has(clientId);
  }

  #here(): Set<string> {
    return new Set(this.#delivery.audience().subscriptions.map(({ clientId }) => clientId));
  }
}
