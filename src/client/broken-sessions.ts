import type { CommandOf } from "../protocol/commands.ts";
import type { Sql } from "../sql.ts";
import type { Session } from "./session.ts";

/** What is known of a session whose link is gone. */
export interface BrokenSession {
  sessionId: string;
  clientId: string;
  tag: string | undefined;
  deviceId: string;
  /** Of the device; nothing is decided by it. */
  address: string | undefined;
  /** The app's server was told of the session, and is to be told of its end (H-09). */
  announced: boolean;
}

type Row = { session_id: string; about: string; broken_at: number | null };

/**
 * Sessions whose link broke without the gateway's word: a deployment, an update of the runtime, a crash. That says
 * nothing of their devices, which have some time to come back before anybody is told. A session that somebody would be
 * told of has its row from the beginning, so that an object that wakes knows whom it had before everything went down.
 */
export class BrokenSessions {
  readonly #sql: Sql;
  /** When each link broke (ms), undefined while it stands. */
  #rows: Map<string, { absence: BrokenSession; brokenAt: number | undefined }> | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Somebody would be told of this session's end. */
  remember(session: Session): void {
    const absence = brokenSessionOf(session);
    if (absence !== undefined && !this.#load().has(absence.sessionId)) this.#write(absence, undefined);
  }

  broke(session: Session, now: number): void {
    const absence = brokenSessionOf(session);
    if (absence !== undefined) this.#write(absence, now);
  }

  /** These sessions are all there are: the links of all others broke, by now at the latest. */
  onlyThese(sessionIds: readonly string[], now: number): void {
    for (const { absence, brokenAt } of [...this.#load().values()]) {
      if (brokenAt === undefined && !sessionIds.includes(absence.sessionId)) this.#write(absence, now);
    }
  }

  forget(sessionId: string): void {
    if (this.#load().delete(sessionId))
      this.#sql.exec("DELETE FROM sessions WHERE session_id = ?", sessionId);
  }

  /** Whose link is broken. */
  get all(): BrokenSession[] {
    return this.#broken().map(({ absence }) => absence);
  }

  /** Whose link broke at this time (ms) or before. */
  since(time: number): BrokenSession[] {
    return this.#broken()
      .filter(({ brokenAt }) => brokenAt <= time)
      .map(({ absence }) => absence);
  }

  /** When the link broke that is broken longest (ms). */
  get first(): number | undefined {
    const [first] = this.#broken();
    return first?.brokenAt;
  }

  /** Whom a session that was just let in continues: the same device, or one that never had a name and comes by itself. */
  continuedBy(session: Session, login: CommandOf<"session.open">): BrokenSession | undefined {
    const { state } = session;
    if (state.phase !== "open") return undefined;
    const isNameless = login.reconnect && login.deviceId === undefined && login.token === undefined;
    return this.all.find(({ sessionId, tag, deviceId }) => {
      if (tag !== state.tag) return false;
      return deviceId === state.deviceId || (isNameless && deviceId === sessionId);
    });
  }

  #broken(): { absence: BrokenSession; brokenAt: number }[] {
    return [...this.#load().values()]
      .flatMap(({ absence, brokenAt }) => (brokenAt === undefined ? [] : [{ absence, brokenAt }]))
      .sort((a, b) => a.brokenAt - b.brokenAt);
  }

  #write(absence: BrokenSession, brokenAt: number | undefined): void {
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS sessions (session_id TEXT PRIMARY KEY, about TEXT NOT NULL, broken_at INTEGER) WITHOUT ROWID",
    );
    const { sessionId } = absence;
    const about = JSON.stringify(absence);
    this.#sql.exec("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)", sessionId, about, brokenAt ?? null);
    this.#load().set(sessionId, { absence, brokenAt });
  }

  #load() {
    if (this.#rows !== undefined) return this.#rows;
    const exists = this.#sql
      .exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'sessions'")
      .toArray();
    const rows = exists.length === 0 ? [] : this.#sql.exec<Row>("SELECT * FROM sessions").toArray();
    this.#rows = new Map(
      rows.map(({ session_id, about, broken_at }) => {
        const absence: BrokenSession = JSON.parse(about);
        return [session_id, { absence, brokenAt: broken_at ?? undefined }];
      }),
    );
    return this.#rows;
  }
}

export function brokenSessionOf({ identity, state }: Session): BrokenSession | undefined {
  if (state.phase !== "open") return undefined;
  const { sessionId, clientId, address } = identity;
  const { tag, deviceId, announced } = state;
  return { sessionId, clientId, tag, deviceId, address, announced };
}
