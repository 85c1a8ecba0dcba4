import { BatchedCalls } from "../batched-calls.ts";
import { CLIENTS_REMEMBERED, WOKEN_WITHOUT_INDEX } from "../bounds.ts";
import { knownClientsAmong } from "../database/conversations/memberships.ts";
import { withDeadline } from "../deadline.ts";
import { elapsed } from "../elapsed.ts";
import { loggableError } from "../loggable-error.ts";
import { MinuteCounts } from "../minute-counts.ts";

const DEADLINE = 1_000; // ms for D1
const RETRY = 1_000; // ms between queries while D1 fails
const AT_ONCE = 500; // clients in one query

/** Clients that are known in this isolate to have logged in, and when D1 last failed (ms). */
export class SeenClients {
  readonly #ids = new Set<string>();
  failedAt = Number.NEGATIVE_INFINITY;
  readonly #woken = new MinuteCounts();

  has(clientId: string): boolean {
    return this.#ids.has(clientId);
  }

  add(clientId: string): void {
    if (this.#ids.has(clientId)) return;
    const [first] = this.#ids;
    if (this.#ids.size >= CLIENTS_REMEMBERED && first !== undefined) this.#ids.delete(first);
    this.#ids.add(clientId);
  }

  /** Counts an object that is woken without asking D1, at `now` (ms); throws above the limit. */
  countWake(clientId: string, now: number): true {
    const woken = this.#woken.current("woken", now);
    woken.count += 1;
    if (woken.count > WOKEN_WITHOUT_INDEX)
      throw new Error(`nobody knows whether ${clientId} has ever logged in`);
    return true;
  }
}

/**
 * Finds out which clients have ever logged in. D1 is asked before an object is woken, so that none is created for an
 * unused id. A client that never logged in counts as offline; its first login looks up its conversations
 * (`client/first-login.ts`). While D1 fails, every client may have logged in.
 *
 * Every object has its own instance, since an object cannot wait for another one's request (seen 2026-11-28); the known
 * clients are shared in the isolate.
 */
export class KnownClients {
  readonly #lookups: BatchedCalls<string, boolean>;
  readonly #seen: SeenClients;
  readonly #now: () => number;

  /** @param loggedIn returns the clients among these that have ever logged in; may reject */
  constructor(
    loggedIn: (clientIds: string[]) => Promise<string[]>,
    met: SeenClients,
    now: () => number = Date.now,
  ) {
    this.#seen = met;
    this.#now = now;
    this.#lookups = new BatchedCalls(async (clientIds) => {
      const found = await withDeadline(loggedIn([...new Set(clientIds)]), DEADLINE, "who has ever logged in");
      for (const id of found) met.add(id);
      const those = new Set(found);
      return (id) => those.has(id);
    }, AT_ONCE);
  }

  /** Whether the client is known here to have logged in. */
  has(clientId: string): boolean {
    return this.#seen.has(clientId);
  }

  /** Rejects if D1 fails and too many objects were woken without it already. */
  async mayHaveLoggedIn(clientId: string): Promise<boolean> {
    const seen = this.#seen;
    if (seen.has(clientId)) return true;
    if (elapsed(seen.failedAt, this.#now()) < RETRY) return seen.countWake(clientId, this.#now());
    try {
      return await this.#lookups.ask(clientId);
    } catch (error) {
      if (elapsed(seen.failedAt, this.#now()) >= RETRY)
        console.warn("who has ever logged in is not known:", loggableError(error));
      seen.failedAt = this.#now();
      return seen.countWake(clientId, this.#now());
    }
  }
}

const met = new WeakMap<D1Database, SeenClients>();

/** The known clients of this isolate. */
export function seenClients(db: D1Database): SeenClients {
  const already = met.get(db);
  if (already !== undefined) return already;
  const clients = new SeenClients();
  met.set(db, clients);
  return clients;
}

/** For one object, or for one request. */
export function knownClients(db: D1Database): KnownClients {
  return new KnownClients((clientIds) => knownClientsAmong(db, clientIds), seenClients(db));
}
