import { BatchedCalls } from "../batched-calls.ts";
import { CLIENTS_REMEMBERED, WOKEN_WITHOUT_INDEX } from "../bounds.ts";
import { knownClientsAmong } from "../database/conversations/memberships.ts";
import { withDeadline } from "../deadline.ts";
import { elapsed } from "../elapsed.ts";
import { loggableError } from "../loggable-error.ts";

const DEADLINE = 1_000; // ms for D1
const RETRY = 1_000; // ms: a D1 that fails is not asked more often than this
const AT_ONCE = 500; // clients in one query

const MINUTE = 60_000; // ms

/** Clients that this isolate knows to have logged in, and when D1 last failed to say (ms). */
export class ClientsMet {
  readonly #ids = new Set<string>();
  failedAt = Number.NEGATIVE_INFINITY;
  #woken = { since: Number.NEGATIVE_INFINITY, count: 0 };

  has(clientId: string): boolean {
    return this.#ids.has(clientId);
  }

  add(clientId: string): void {
    if (this.#ids.has(clientId)) return;
    const [first] = this.#ids;
    if (this.#ids.size >= CLIENTS_REMEMBERED && first !== undefined) this.#ids.delete(first);
    this.#ids.add(clientId);
  }

  /** Counts an object that is woken without D1 at a time (ms); throws where that is one too many. */
  wakes(clientId: string, now: number): true {
    if (elapsed(this.#woken.since, now) >= MINUTE) this.#woken = { since: now, count: 0 };
    this.#woken.count += 1;
    if (this.#woken.count > WOKEN_WITHOUT_INDEX)
      throw new Error(`nobody knows whether ${clientId} has ever logged in`);
    return true;
  }
}

/**
 * Which clients have ever logged in; D1 is asked before anybody wakes an object for a name that nobody has. Who never
 * logged in is offline like others, and looks up at the first login what they are a member of
 * (`client/first-login.ts`). While nobody can say, everybody may have logged in.
 *
 * Every object has its own, since none can wait for what another one asked (seen 2026-11-28); all of an isolate share
 * what they have met.
 */
export class KnownClients {
  readonly #asked: BatchedCalls<string, boolean>;
  readonly #met: ClientsMet;
  readonly #now: () => number;

  /** @param loggedIn those of some clients that ever logged in; may reject */
  constructor(
    loggedIn: (clientIds: string[]) => Promise<string[]>,
    met: ClientsMet,
    now: () => number = Date.now,
  ) {
    this.#met = met;
    this.#now = now;
    this.#asked = new BatchedCalls(async (clientIds) => {
      const found = await withDeadline(loggedIn([...new Set(clientIds)]), DEADLINE, "who has ever logged in");
      for (const id of found) met.add(id);
      const those = new Set(found);
      return (id) => those.has(id);
    }, AT_ONCE);
  }

  /** Whether it is known here that they have. */
  has(clientId: string): boolean {
    return this.#met.has(clientId);
  }

  /** Rejects where D1 does not say, and too many objects were woken without it already. */
  async mayHaveLoggedIn(clientId: string): Promise<boolean> {
    const met = this.#met;
    if (met.has(clientId)) return true;
    if (elapsed(met.failedAt, this.#now()) < RETRY) return met.wakes(clientId, this.#now());
    try {
      return await this.#asked.ask(clientId);
    } catch (error) {
      if (elapsed(met.failedAt, this.#now()) >= RETRY)
        console.warn("who has ever logged in is not known:", loggableError(error));
      met.failedAt = this.#now();
      return met.wakes(clientId, this.#now());
    }
  }
}

const met = new WeakMap<D1Database, ClientsMet>();

/** Those that everything in this isolate has met. */
export function clientsMet(db: D1Database): ClientsMet {
  const already = met.get(db);
  if (already !== undefined) return already;
  const clients = new ClientsMet();
  met.set(db, clients);
  return clients;
}

/** For one object, or for one request. */
export function knownClients(db: D1Database): KnownClients {
  return new KnownClients((clientIds) => knownClientsAmong(db, clientIds), clientsMet(db));
}
