import type { ClientTables } from "./client-tables.ts";

/** A service conversation that a client is subscribed to. */
export interface SubscribedService {
  conversationId: string;
  /** When it subscribed (ms). */
  since: number;
}

/** A page of subscribed services in the order of time, and of ids within a millisecond. */
export interface ServicesPage {
  direction: "older" | "newer";
  /** The last one of the page before. */
  after: SubscribedService | undefined;
  limit: number;
}

/**
 * The service conversations that a client is subscribed to, as they told it: one row each. The service's own list
 * decides; a login asks each, so a row without a subscription there is found and removed.
 */
export class SubscribedServices {
  readonly #tables: ClientTables;
  #rows: Map<string, number> | undefined;

  constructor(tables: ClientTables) {
    this.#tables = tables;
  }

  has(conversationId: string): boolean {
    return this.#load().has(conversationId);
  }

  /** The newest subscriptions first. */
  get ids(): string[] {
    return [...this.#load()].sort(([, a], [, b]) => b - a).map(([id]) => id);
  }

  add({ conversationId, since }: SubscribedService): void {
    if ((this.#load().get(conversationId) ?? Number.NEGATIVE_INFINITY) >= since) return;
    this.#tables.add(
      "subscribed_services",
      "INSERT OR REPLACE INTO subscribed_services VALUES (?, ?)",
      conversationId,
      since,
    );
    this.#load().set(conversationId, since);
  }

  /**
   * Removes a subscription that began by this time (ms): the client may have subscribed again since. Returns whether it
   * was there.
   */
  remove({ conversationId, since }: SubscribedService): boolean {
    if ((this.#load().get(conversationId) ?? Number.POSITIVE_INFINITY) > since) return false;
    this.#load().delete(conversationId);
    this.#tables.change(
      "subscribed_services",
      "DELETE FROM subscribed_services WHERE conversation_id = ?",
      conversationId,
    );
    return true;
  }

  page(asked: ServicesPage): SubscribedService[] {
    return pageOf(
      [...this.#load()].map(([conversationId, since]) => ({ conversationId, since })),
      asked,
    );
  }

  #load(): Map<string, number> {
    if (this.#rows !== undefined) return this.#rows;
    const rows = this.#tables.read<{ conversation_id: string; since: number }>(
      "subscribed_services",
      "SELECT conversation_id, since FROM subscribed_services",
    );
    this.#rows = new Map(rows.map(({ conversation_id: id, since }) => [id, since]));
    return this.#rows;
  }
}

/** A page of subscriptions. */
export function pageOf(
  services: readonly SubscribedService[],
  { direction, after, limit }: ServicesPage,
): SubscribedService[] {
  const way = direction === "newer" ? 1 : -1;
  const order = (a: SubscribedService, b: SubscribedService) =>
    way * (a.since - b.since || (a.conversationId < b.conversationId ? -1 : 1));
  const sorted = services.toSorted(order);
  const rest = after === undefined ? sorted : sorted.filter((each) => isBehind(each, after, order));
  return rest.slice(0, limit);
}

function isBehind(
  each: SubscribedService,
  after: SubscribedService,
  order: (a: SubscribedService, b: SubscribedService) => number,
): boolean {
  return each.conversationId !== after.conversationId && order(each, after) > 0;
}
