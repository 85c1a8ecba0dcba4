import type { Sql } from "../../sql.ts";

/** How far back a repeated send is recognised after the object hibernated: by age (ms) and by number of messages. */
const WINDOW = 6 * 60 * 60 * 1000;
const LIMIT = 10_000;

/** The answer to an accepted send, and to its repeats. */
export interface Accepted {
  timestamp: number;
  id: string;
}

/** The sends with a token that the log has accepted, by sender and token (I3). */
export class AcceptedSends {
  readonly #sql: Sql;
  /** Loaded at the first send after the object woke. */
  #accepted: Map<string, Accepted> | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The message this sender already sent under this token; undefined if it is new, or too old to be known. */
  find(sender: string, token: string, now: number): Accepted | undefined {
    this.#accepted ??= this.#load(now);
    return this.#accepted.get(keyOf(sender, token));
  }

  /** Call it for every message that is appended with a token. */
  remember(sender: string, token: string, { timestamp, id }: Accepted): void {
    const accepted = this.#accepted;
    if (accepted === undefined) return;
    accepted.set(keyOf(sender, token), { timestamp, id });
    if (accepted.size <= LIMIT) return;
    const [oldest] = accepted.keys();
    if (oldest !== undefined) accepted.delete(oldest);
  }

  #load(now: number): Map<string, Accepted> {
    const rows = this.#sql
      .exec<{ timestamp: number; id: string; sender: string; token: string | null }>(
        "SELECT timestamp, id, sender, token FROM messages WHERE timestamp > ? ORDER BY timestamp DESC LIMIT ?",
        now - WINDOW,
        LIMIT,
      )
      .toArray();
    const accepted = new Map<string, Accepted>();
    for (const { timestamp, id, sender, token } of rows.reverse()) {
      if (token !== null) accepted.set(keyOf(sender, token), { timestamp, id });
    }
    return accepted;
  }
}

function keyOf(sender: string, token: string): string {
  // A client id holds no control characters, so the key is unambiguous.
  return `${sender}\n${token}`;
}
