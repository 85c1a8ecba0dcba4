import type { Will } from "../model/records.ts";
import type { ClientTables } from "./client-tables.ts";

/** A will, as the client's object keeps it, with the session that set it. */
export interface StoredWill {
  clientId: string;
  sessionId: string;
  conversationId: string;
  will: Will;
  /** When its author was lost (ms); undefined while the author is connected. */
  dueAt: number | undefined;
}

type Row = {
  client_id: string;
  session_id: string;
  conversation_id: string;
  message_id: string;
  content: string | ArrayBuffer;
  mention_all: number;
  mentions: string;
  due_at: number | null;
};

/** The one will of a client (M-48): a later one replaces it, and a logout discards it (M-50). */
export class WillStorage {
  readonly #tables: ClientTables;

  constructor(tables: ClientTables) {
    this.#tables = tables;
  }

  current(): StoredWill | undefined {
    const [row] = this.#tables.read<Row>("will", "SELECT * FROM will");
    if (row === undefined) return undefined;
    return {
      clientId: row.client_id,
      sessionId: row.session_id,
      conversationId: row.conversation_id,
      will: {
        id: row.message_id,
        content: typeof row.content === "string" ? row.content : new Uint8Array(row.content),
        mentionAll: row.mention_all === 1,
        mentions: JSON.parse(row.mentions),
      },
      dueAt: row.due_at ?? undefined,
    };
  }

  keep({ clientId, sessionId, conversationId, will }: Omit<StoredWill, "dueAt">): void {
    const { content } = will;
    this.#tables.add(
      "will",
      "INSERT OR REPLACE INTO will VALUES (1, ?, ?, ?, ?, ?, ?, ?, NULL)",
      clientId,
      sessionId,
      conversationId,
      will.id,
      typeof content === "string" ? content : Uint8Array.from(content).buffer,
      will.mentionAll ? 1 : 0,
      JSON.stringify(will.mentions),
    );
  }

  /** The author continues in another session. A will that is due stays due. */
  inherit(sessionId: string): void {
    this.#tables.change("will", "UPDATE will SET session_id = ? WHERE due_at IS NULL", sessionId);
  }

  /** The author is lost. */
  due(now: number): void {
    this.#tables.change("will", "UPDATE will SET due_at = ? WHERE due_at IS NULL", now);
  }

  /** Discards the will with this message id, if it has not been replaced. */
  drop(messageId: string): void {
    this.#tables.change("will", "DELETE FROM will WHERE message_id = ?", messageId);
  }
}
