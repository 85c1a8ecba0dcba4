import type { ConversationTables } from "../conversation-tables.ts";

/** One subscriber of a service conversation. */
export interface Subscriber {
  clientId: string;
  /** When the client subscribed (ms): broadcasts before are not news for it. */
  since: number;
}

/** Clients whose subscription, or lack of one, is remembered: more than one object serves. */
const REMEMBERED = 50_000;

/**
 * The subscribers of a service conversation, without limit: one row each, read one by one. Their number is kept beside
 * them, since counting a million rows takes too long.
 */
export class Subscribers {
  readonly #tables: ConversationTables;
  /** By client, as read last; undefined for a client that is not subscribed. */
  readonly #known = new Map<string, number | undefined>();

  constructor(tables: ConversationTables) {
    this.#tables = tables;
  }

  get count(): number {
    const [row] = this.#tables.read<{ count: number }>(
      "subscriber_count",
      "SELECT count FROM subscriber_count",
    );
    return row?.count ?? 0;
  }

  has(clientId: string): boolean {
    return this.since(clientId) !== undefined;
  }

  /** When a client subscribed (ms); undefined if it is not subscribed. */
  since(clientId: string): number | undefined {
    if (this.#known.has(clientId)) return this.#known.get(clientId);
    const [row] = this.#tables.read<{ since: number }>(
      "subscribers",
      "SELECT since FROM subscribers WHERE client_id = ?",
      clientId,
    );
    this.#remember(clientId, row?.since);
    return row?.since;
  }

  /** Adds those of some clients that are not subscribed. Returns them. */
  add(subscribers: readonly Subscriber[]): Subscriber[] {
    const added = new Map<string, Subscriber>();
    for (const subscriber of subscribers)
      if (!added.has(subscriber.clientId) && !this.has(subscriber.clientId))
        added.set(subscriber.clientId, subscriber);
    for (const { clientId, since } of added.values()) {
      this.#tables.add("subscribers", "INSERT INTO subscribers VALUES (?, ?)", clientId, since);
      this.#tables.change("left_subscribers", "DELETE FROM left_subscribers WHERE client_id = ?", clientId);
      this.#remember(clientId, since);
    }
    this.#countBy(added.size);
    return [...added.values()];
  }

  /** Whether a client unsubscribed, and an import must not undo that. */
  hasLeft(clientId: string): boolean {
    const rows = this.#tables.read<{ client_id: string }>(
      "left_subscribers",
      "SELECT client_id FROM left_subscribers WHERE client_id = ?",
      clientId,
    );
    return rows.length > 0;
  }

  /** Returns whether the client was subscribed. @param isImported whether an import may bring it again */
  remove(clientId: string, isImported = false): boolean {
    if (!this.has(clientId)) return false;
    if (isImported)
      this.#tables.add("left_subscribers", "INSERT OR IGNORE INTO left_subscribers VALUES (?)", clientId);
    this.#tables.change("subscribers", "DELETE FROM subscribers WHERE client_id = ?", clientId);
    this.#remember(clientId, undefined);
    this.#countBy(-1);
    return true;
  }

  /** A page in the order of client ids. @param after the last client of the page before */
  page(after: string | undefined, limit: number): Subscriber[] {
    return this.#tables
      .read<{ client_id: string; since: number }>(
        "subscribers",
        "SELECT client_id, since FROM subscribers WHERE client_id > ? ORDER BY client_id LIMIT ?",
        after ?? "",
        limit,
      )
      .map(({ client_id: clientId, since }) => ({ clientId, since }));
  }

  #countBy(change: number): void {
    if (change === 0) return;
    this.#tables.add(
      "subscriber_count",
      "INSERT INTO subscriber_count VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET count = count + excluded.count",
      change,
    );
  }

  #remember(clientId: string, since: number | undefined): void {
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(clientId, since);
  }
}
