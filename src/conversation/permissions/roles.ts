import type { MemberRole, StoredRole } from "../../model/records.ts";
import type { ConversationTables } from "../conversation-tables.ts";

/** Rows of one conversation: SDKs read 500. */
export const ROLES_MAX = 500;

/**
 * The roles that clients were given in a conversation, a row each. A client without a row is a Member, but for the
 * creator, who is the Owner and has none.
 */
export class Roles {
  readonly #tables: ConversationTables;

  constructor(tables: ConversationTables) {
    this.#tables = tables;
  }

  get(clientId: string): StoredRole | undefined {
    return this.#read("WHERE client_id = ?", clientId)[0];
  }

  withInfoId(infoId: string): StoredRole | undefined {
    return this.#read("WHERE info_id = ?", infoId)[0];
  }

  /** All rows, in the order of the clients' ids. */
  all(): StoredRole[] {
    return this.#read("ORDER BY client_id");
  }

  get size(): number {
    const [row] = this.#tables.read<{ size: number }>("roles", "SELECT count(*) AS size FROM roles");
    return row?.size ?? 0;
  }

  /** Whether a role was ever given here, so that a copy may have rows. */
  get wereGiven(): boolean {
    return this.#tables.has("roles");
  }

  /**
   * Gives a client a role. Rows that only say Member make room for others.
   *
   * @param newId for a client without a row
   * @returns the row; undefined if there is no room
   */
  give(clientId: string, role: MemberRole, updatedAt: number, newId: () => string): StoredRole | undefined {
    const before = this.get(clientId);
    if (before === undefined && !this.#makeRoom()) return undefined;
    const infoId = before?.infoId ?? newId();
    return this.put({ clientId, infoId, role, createdAt: before?.createdAt ?? updatedAt, updatedAt });
  }

  put(row: StoredRole): StoredRole {
    const { clientId, infoId, role, createdAt, updatedAt } = row;
    this.#tables.add(
      "roles",
      "INSERT OR REPLACE INTO roles (client_id, info_id, role, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
      clientId,
      infoId,
      role,
      createdAt,
      updatedAt,
    );
    return row;
  }

  /** Returns whether one of the clients had a row. */
  remove(clientIds: readonly string[]): boolean {
    const given = clientIds.filter((clientId) => this.get(clientId) !== undefined);
    for (const clientId of given)
      this.#tables.change("roles", "DELETE FROM roles WHERE client_id = ?", clientId);
    return given.length > 0;
  }

  #makeRoom(): boolean {
    if (this.size < ROLES_MAX) return true;
    const plain = this.all().find(({ role }) => role === "Member");
    if (plain === undefined) return false;
    this.remove([plain.clientId]);
    return true;
  }

  #read(which: string, ...bindings: string[]): StoredRole[] {
    return this.#tables.read<{
      clientId: string;
      infoId: string;
      role: MemberRole;
      createdAt: number;
      updatedAt: number;
    }>(
      "roles",
      "SELECT client_id AS clientId, info_id AS infoId, role, created_at AS createdAt, updated_at AS updatedAt " +
        `FROM roles ${which}`,
      ...bindings,
    );
  }
}
