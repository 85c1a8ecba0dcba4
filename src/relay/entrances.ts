import type { Narrowed } from "../protocol/relay-calls.ts";
import { isFor } from "./recent-frames.ts";

/** A session on its way into the audience. */
export interface Entrance {
  readonly clientId: string;
  /** Its client was removed meanwhile: what the conversation decided before does not count. */
  isOver: boolean;
}

/** Sessions on their way into the audience, each while the conversation is asked or its answer is on the way. */
export class Entrances {
  readonly #entrances = new Set<Entrance>();

  get size(): number {
    return this.#entrances.size;
  }

  /** Runs something by which a session of a client may come in. Rejects if it does. */
  async during<Result>(clientId: string, run: (entrance: Entrance) => Promise<Result>): Promise<Result> {
    const entrance = { clientId, isOver: false };
    this.#entrances.add(entrance);
    try {
      return await run(entrance);
    } finally {
      this.#entrances.delete(entrance);
    }
  }

  /** Clients are no longer in the audience. */
  removed(narrowed: Narrowed): void {
    for (const entrance of this.#entrances) if (isFor(entrance.clientId, narrowed)) entrance.isOver = true;
  }
}
