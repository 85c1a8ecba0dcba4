import type { Refused } from "../protocol/outcome.ts";
import type { ClientTables } from "./client-tables.ts";

/** The conversations of a page, in the order of their ids. */
export interface RefusedPage {
  conversationIds: string[];
  /** Where the next page begins; undefined after the last one. */
  next: number | undefined;
}

export interface RefusalHost {
  /** The most conversations of the list. */
  most(): Promise<number>;
  /** Has a conversation note that a client refuses it, or does not any more. May reject. */
  setRefused(conversationId: string, clientId: string, refused: boolean): Promise<undefined | Refused>;
}

/**
 * The conversations to which a client does not want to be added by others. Each of them decides by a note of its
 * own. The list is written before that note and cleared after it, so that whatever is noted can be taken back.
 */
export class RefusedConversations {
  readonly #tables: ClientTables;
  readonly #host: RefusalHost;

  constructor(tables: ClientTables, host: RefusalHost) {
    this.#tables = tables;
    this.#host = host;
  }

  async add(clientId: string, conversationId: string): Promise<undefined | Refused> {
    const most = await this.#host.most();
    const isNew = !this.#has(conversationId);
    if (isNew && this.#size >= most) return { refused: "BLACKLIST_FULL" };
    this.#tables.add("refused", "INSERT OR IGNORE INTO refused VALUES (?)", conversationId);
    const refusal = await this.#host.setRefused(conversationId, clientId, true);
    if (refusal !== undefined && isNew) this.#drop(conversationId);
    return refusal;
  }

  /** A conversation that is not on the list is not called. */
  async remove(clientId: string, conversationId: string): Promise<void> {
    if (!this.#has(conversationId)) return;
    // A conversation that was deleted has forgotten it already.
    await this.#host.setRefused(conversationId, clientId, false);
    this.#drop(conversationId);
  }

  #drop(conversationId: string): void {
    this.#tables.change("refused", "DELETE FROM refused WHERE conversation_id = ?", conversationId);
  }

  /** @param offset conversations to pass over */
  page(offset: number, limit: number): RefusedPage {
    const rows = this.#tables.read<{ conversation_id: string }>(
      "refused",
      "SELECT conversation_id FROM refused ORDER BY conversation_id LIMIT ? OFFSET ?",
      limit + 1,
      offset,
    );
    const conversationIds = rows.slice(0, limit).map((row) => row.conversation_id);
    return { conversationIds, next: rows.length > limit ? offset + limit : undefined };
  }

  get #size(): number {
    const [row] = this.#tables.read<{ size: number }>("refused", "SELECT count(*) AS size FROM refused");
    return row?.size ?? 0;
  }

  #has(conversationId: string): boolean {
    const found = this.#tables.read(
      "refused",
      "SELECT 1 FROM refused WHERE conversation_id = ?",
      conversationId,
    );
    return found.length > 0;
  }
}
