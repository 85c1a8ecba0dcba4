import type { ClientTables } from "./client-tables.ts";

/** A client that may not log in. */
export interface Ban {
  reason: string;
  /** Milliseconds. */
  at: number;
}

interface Decisions {
  /** Milliseconds. */
  kickedAt: number | undefined;
  ban: Ban | undefined;
}

type Row = { kicked_at: number | null; banned_at: number | null; ban_reason: string };

/** The decisions of the app's server about a client: kick and ban. They are one row, written with the first of them. */
export class AccessState {
  readonly #tables: ClientTables;
  #loaded: Decisions | undefined;

  constructor(tables: ClientTables) {
    this.#tables = tables;
  }

  get ban(): Ban | undefined {
    return this.#load().ban;
  }

  /** When the client was last kicked or banned (ms). */
  get kickedAt(): number | undefined {
    return this.#load().kickedAt;
  }

  /** Whether signatures and tokens of this time (ms) are revoked, because the client was kicked since. */
  isRevoked(time: number): boolean {
    const { kickedAt } = this.#load();
    return kickedAt !== undefined && time <= kickedAt;
  }

  /** The time (ms) to issue a session token at: later than the last kick, even within the same millisecond. */
  issueTime(now: number): number {
    const { kickedAt } = this.#load();
    return kickedAt === undefined ? now : Math.max(now, kickedAt + 1);
  }

  kick(now: number): void {
    this.#save(this.issueTime(now), this.ban);
  }

  /** A ban also revokes signatures and tokens from before it; they stay revoked after the ban is lifted. */
  setBan(ban: Ban): void {
    this.#save(this.issueTime(ban.at), ban);
  }

  liftBan(): void {
    if (this.ban !== undefined) this.#save(this.#load().kickedAt, undefined);
  }

  #save(kickedAt: number | undefined, ban: Ban | undefined): void {
    this.#tables.add(
      "standing",
      "INSERT OR REPLACE INTO standing VALUES (1, ?, ?, ?)",
      kickedAt ?? null,
      ban?.at ?? null,
      ban?.reason ?? "",
    );
    this.#loaded = { kickedAt, ban };
  }

  #load(): Decisions {
    if (this.#loaded !== undefined) return this.#loaded;
    const [row] = this.#tables.read<Row>("standing", "SELECT * FROM standing");
    const at = row?.banned_at ?? undefined;
    const ban = row === undefined || at === undefined ? undefined : { reason: row.ban_reason, at };
    this.#loaded = { kickedAt: row?.kicked_at ?? undefined, ban };
    return this.#loaded;
  }
}
