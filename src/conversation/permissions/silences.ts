import type { ErrorName } from "../../protocol/errors.ts";
import type { ConversationTables } from "../conversation-tables.ts";
import { ClientList } from "./client-list.ts";

/** Temporary silences of one conversation. Those that ended go when another one begins. */
const TEMPORARY_MAX = 10_000;

/** The clients that may read and not write: for good, or for a time. */
export class Silences {
  readonly list: ClientList;
  readonly #tables: ConversationTables;

  constructor(tables: ConversationTables) {
    this.list = new ClientList(tables, "silences");
    this.#tables = tables;
  }

  /** Why a client may not be heard now; undefined if it may. */
  refusal(clientId: string, now: number): ErrorName | undefined {
    const end = this.endOf(clientId, now);
    if (end === undefined) return undefined;
    return end === "always" ? "SILIENCED" : "CONVERSATION_TEMPORARY_BLACKLISTED";
  }

  /** Until when a client is silenced (ms); undefined if it is not. */
  endOf(clientId: string, now: number): "always" | number | undefined {
    if (this.list.has(clientId)) return "always";
    const [row] = this.#tables.read<{ ends_at: number }>(
      "temporary_silences",
      "SELECT ends_at FROM temporary_silences WHERE client_id = ?",
      clientId,
    );
    return row !== undefined && row.ends_at > now ? row.ends_at : undefined;
  }

  /** Silences a client until a time (ms), in place of an earlier end. Returns whether there was room. */
  silenceUntil(clientId: string, endsAt: number, now: number): boolean {
    this.#tables.change("temporary_silences", "DELETE FROM temporary_silences WHERE ends_at <= ?", now);
    const [others] = this.#tables.read<{ count: number }>(
      "temporary_silences",
      "SELECT count(*) AS count FROM temporary_silences WHERE client_id <> ?",
      clientId,
    );
    if ((others?.count ?? 0) >= TEMPORARY_MAX) return false;
    this.#tables.add(
      "temporary_silences",
      "INSERT OR REPLACE INTO temporary_silences VALUES (?, ?)",
      clientId,
      endsAt,
    );
    return true;
  }

  endTemporary(clientId: string): void {
    this.#tables.change("temporary_silences", "DELETE FROM temporary_silences WHERE client_id = ?", clientId);
  }
}
