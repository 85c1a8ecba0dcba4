import type { ConversationTables } from "../conversation-tables.ts";

/** Which part of a list is wanted: how many entries to pass over, and how many there are at most. */
export interface PageOfList {
  offset: number;
  limit: number;
}

/** Some of a list, in the order of the ids. */
export interface ListPage {
  clientIds: string[];
  /** Where the next page begins; undefined after the last one. */
  next: number | undefined;
}

/** Which ids are on a list now, and which it has no room for. */
export interface ListedClients {
  /** Were not on it before. */
  added: string[];
  /** Were on it already. */
  kept: string[];
  full: string[];
}

/**
 * A list of clients that a conversation keeps, a row each. Nothing of it is in memory, and a list that nobody is on costs
 * nothing.
 */
export class ClientList {
  readonly #tables: ConversationTables;
  readonly #table: "silences" | "blacklist" | "refusals";
  #size: number | undefined;

  constructor(tables: ConversationTables, table: "silences" | "blacklist" | "refusals") {
    this.#tables = tables;
    this.#table = table;
  }

  get size(): number {
    this.#size ??= this.#tables.read<{ size: number }>(
      this.#table,
      `SELECT count(*) AS size FROM ${this.#table}`,
    )[0]?.size;
    return this.#size ?? 0;
  }

  has(clientId: string): boolean {
    const rows = this.#tables.read(this.#table, `SELECT 1 FROM ${this.#table} WHERE client_id = ?`, clientId);
    return rows.length > 0;
  }

  /**
   * Adds clients in the order given, as long as there is room.
   *
   * @param most clients that the list holds
   */
  add(clientIds: readonly string[], most: number): ListedClients {
    const outcome: ListedClients = { added: [], kept: [], full: [] };
    let { size } = this;
    for (const clientId of new Set(clientIds)) {
      if (this.has(clientId)) outcome.kept.push(clientId);
      else if (size >= most) outcome.full.push(clientId);
      else {
        this.#tables.add(this.#table, `INSERT INTO ${this.#table} VALUES (?)`, clientId);
        outcome.added.push(clientId);
        size += 1;
      }
    }
    this.#size = size;
    return outcome;
  }

  /** Removes clients; returns those that were on the list. */
  remove(clientIds: readonly string[]): string[] {
    const removed = [...new Set(clientIds)].filter((clientId) => this.has(clientId));
    const { size } = this;
    for (const clientId of removed)
      this.#tables.change(this.#table, `DELETE FROM ${this.#table} WHERE client_id = ?`, clientId);
    this.#size = size - removed.length;
    return removed;
  }

  /** @param offset clients to pass over */
  page(offset: number, limit: number): ListPage {
    const rows = this.#tables.read<{ client_id: string }>(
      this.#table,
      `SELECT client_id FROM ${this.#table} ORDER BY client_id LIMIT ? OFFSET ?`,
      limit + 1,
      offset,
    );
    const clientIds = rows.slice(0, limit).map((row) => row.client_id);
    return { clientIds, next: rows.length > limit ? offset + limit : undefined };
  }
}
