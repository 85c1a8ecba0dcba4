import type { Sql } from "../sql.ts";
/**
 * The conversations that may hold something unread for a client: one row each, written once per login and
 * conversation, so that a login asks as many conversations as there is news.
 */
export class Inbox {
  readonly #sql: Sql;
  #conversations: Set<string> | undefined;
  /** Counts what came for a conversation, so that a removal decided before it is not carried out after it. */
  readonly #arrivals = new Map<string, number>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  conversations(): ReadonlySet<string> {
    return this.#load();
  }

  /** Something may be unread there from now on. */
  add(conversationId: string): void {
    this.#arrivals.set(conversationId, this.arrivals(conversationId) + 1);
    const conversations = this.#load();
    if (conversations.has(conversationId)) return;
    this.#sql.exec("CREATE TABLE IF NOT EXISTS inbox (conversation_id TEXT PRIMARY KEY) WITHOUT ROWID");
    this.#sql.exec("INSERT INTO inbox VALUES (?)", conversationId);
    conversations.add(conversationId);
  }

  /** How often `add` was called for it since the object woke. */
  arrivals(conversationId: string): number {
    return this.#arrivals.get(conversationId) ?? 0;
  }

  /** Nothing was unread there when `arrivals` was this; does nothing if something came since. */
  remove(conversationId: string, arrivals: number): void {
    const conversations = this.#load();
    if (this.arrivals(conversationId) !== arrivals || !conversations.has(conversationId)) return;
    this.#sql.exec("DELETE FROM inbox WHERE conversation_id = ?", conversationId);
    conversations.delete(conversationId);
  }

  #load(): Set<string> {
    if (this.#conversations !== undefined) return this.#conversations;
    const exists = this.#sql
      .exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'inbox'")
      .toArray();
    const rows =
      exists.length === 0
        ? []
        : this.#sql.exec<{ conversation_id: string }>("SELECT conversation_id FROM inbox").toArray();
    this.#conversations = new Set(rows.map((row) => row.conversation_id));
    return this.#conversations;
  }
}
