import type { Memberships } from "../database/conversations/memberships.ts";
import { loggableError } from "../loggable-error.ts";
import { newestBroadcast, type UnexpiredBroadcasts } from "../model/unexpired-broadcasts.ts";
import type { ClientServices } from "./client-ports.ts";
import type { ClientTables } from "./client-tables.ts";
import type { Inbox } from "./inbox.ts";
import type { SubscribedServices } from "./subscribed-services.ts";

const RETRY = 10_000; // ms

/**
 * The first login of a client. Until then, conversations do not wake its object (`conversation/known-clients.ts`),
 * so that no object is made for an invented name.
 *
 * First D1 records that the client exists: from then on conversations wake its object. Then the conversations of the
 * client are read from D1. A conversation that did not know the client had written its membership to D1 before it
 * asked, so none is missed. All of them may have news. The last step records that all of this is done, so that it is
 * repeated if anything fails before.
 */
export class FirstLogin {
  readonly #tables: ClientTables;
  readonly #inbox: Inbox;
  readonly #subscribed: SubscribedServices;
  readonly #services: Pick<ClientServices, "now" | "registerClient" | "conversationsAfter" | "retryAfter">;

  constructor(
    tables: ClientTables,
    inbox: Inbox,
    subscribed: SubscribedServices,
    services: Pick<ClientServices, "now" | "registerClient" | "conversationsAfter" | "retryAfter">,
  ) {
    this.#tables = tables;
    this.#inbox = inbox;
    this.#subscribed = subscribed;
    this.#services = services;
  }

  get isDone(): boolean {
    return this.#tables.has("first_login");
  }

  /**
   * Broadcasts to everybody after this time (ms) are for the client: those since its first login, and the newest one that
   * was valid then (V-04). Undefined until the first login is done.
   */
  get broadcastsAfter(): number | undefined {
    const [row] = this.#tables.read<{ at: number; broadcasts_after: number | null }>(
      "first_login",
      "SELECT at, broadcasts_after FROM first_login",
    );
    return row && (row.broadcasts_after ?? row.at);
  }

  /**
   * Resolves to the conversations that may have news now. If D1 does not answer, it is retried later.
   *
   * @param broadcasts to everybody that have not ended
   */
  async look(clientId: string, broadcasts: UnexpiredBroadcasts): Promise<string[]> {
    const found: string[] = [];
    try {
      const registered = await this.#services.registerClient(clientId);
      for (const service of registered.subscribed) this.#subscribed.add(service);
      let { conversations, more }: Memberships = registered;
      for (;;) {
        for (const id of conversations) this.#inbox.add(id);
        found.push(...conversations);
        const last = conversations.at(-1);
        if (!more || last === undefined) break;
        ({ conversations, more } = await this.#services.conversationsAfter(clientId, last));
      }
      const now = this.#services.now();
      const newest = newestBroadcast(broadcasts, now);
      const after = newest === undefined ? null : newest - 1;
      this.#tables.add("first_login", "INSERT OR IGNORE INTO first_login VALUES (?, ?)", now, after);
    } catch (error) {
      console.warn(`the first login of ${clientId} is not known yet:`, loggableError(error));
      this.#services.retryAfter(RETRY);
    }
    return found;
  }
}
