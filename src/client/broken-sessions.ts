import type { CommandOf } from "../protocol/commands.ts";
import type { ClientTables } from "./client-tables.ts";
import type { Session } from "./session.ts";

/** A session whose link broke. */
export interface BrokenSession {
  sessionId: string;
  clientId: string;
  tag: string | undefined;
  deviceId: string;
  /** The address of the device, for events alone: no decision depends on it. */
  address: string | undefined;
  /** The app's server was sent the event that the session opened, and expects the event that it closed (H-09). */
  announced: boolean;
}

type Row = { session_id: string; about: string; broken_at: number | null };

interface Entry {
  session: BrokenSession;
  /** When the link broke (ms); undefined while it is open. */
  brokenAt: number | undefined;
}

/**
 * Sessions whose link broke and whose gateway did not report why: a deployment, an update of the runtime, a crash.
 * Their devices may still be connected, so they have some time to come back before the session counts as closed. A
 * session whose end has to be reported gets its row when it opens, so that an object that wakes after a crash finds it.
 */
export class BrokenSessions {
  readonly #tables: ClientTables;
  #entries: Map<string, Entry> | undefined;

  constructor(tables: ClientTables) {
    this.#tables = tables;
  }

  /** Stores a session whose end has to be reported. */
  remember(session: Session): void {
    const open = brokenSessionOf(session);
    if (open !== undefined && !this.#load().has(open.sessionId)) this.#write(open, undefined);
  }

  broke(session: Session, now: number): void {
    const broken = brokenSessionOf(session);
    if (broken !== undefined) this.#write(broken, now);
  }

  /** Marks all sessions but these as broken. Their links broke at this time (ms) at the latest. */
  markBrokenExcept(sessionIds: readonly string[], now: number): void {
    for (const { session, brokenAt } of [...this.#load().values()]) {
      if (brokenAt === undefined && !sessionIds.includes(session.sessionId)) this.#write(session, now);
    }
  }

  forget(sessionId: string): void {
    if (this.#load().delete(sessionId))
      this.#tables.change("sessions", "DELETE FROM sessions WHERE session_id = ?", sessionId);
  }

  /** All broken sessions, the one that broke first at the front. */
  get all(): BrokenSession[] {
    return this.#broken().map(({ session }) => session);
  }

  /** The sessions whose links broke at this time (ms) or before. */
  brokenBy(time: number): BrokenSession[] {
    return this.#broken()
      .filter(({ brokenAt }) => brokenAt <= time)
      .map(({ session }) => session);
  }

  /** When the first of the broken links broke (ms). */
  get firstBrokenAt(): number | undefined {
    const [first] = this.#broken();
    return first?.brokenAt;
  }

  /**
   * The broken session that a new session continues: one of the same device, or one of a device that never had a name,
   * if the new session is a reconnect without a name.
   */
  continuedBy(session: Session, login: CommandOf<"session.open">): BrokenSession | undefined {
    const { state } = session;
    if (state.phase !== "open") return undefined;
    const isNameless = login.reconnect && login.deviceId === undefined && login.token === undefined;
    return this.all.find(({ sessionId, tag, deviceId }) => {
      if (tag !== state.tag) return false;
      return deviceId === state.deviceId || (isNameless && deviceId === sessionId);
    });
  }

  #broken(): { session: BrokenSession; brokenAt: number }[] {
    return [...this.#load().values()]
      .flatMap(({ session, brokenAt }) => (brokenAt === undefined ? [] : [{ session, brokenAt }]))
      .sort((a, b) => a.brokenAt - b.brokenAt);
  }

  #write(session: BrokenSession, brokenAt: number | undefined): void {
    const { sessionId } = session;
    this.#tables.add(
      "sessions",
      "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)",
      sessionId,
      JSON.stringify(session),
      brokenAt ?? null,
    );
    this.#load().set(sessionId, { session, brokenAt });
  }

  #load() {
    if (this.#entries !== undefined) return this.#entries;
    const rows = this.#tables.read<Row>("sessions", "SELECT * FROM sessions");
    this.#entries = new Map(
      rows.map(({ session_id, about, broken_at }) => {
        const session: BrokenSession = JSON.parse(about);
        return [session_id, { session, brokenAt: broken_at ?? undefined }];
      }),
    );
    return this.#entries;
  }
}

export function brokenSessionOf({ identity, state }: Session): BrokenSession | undefined {
  if (state.phase !== "open") return undefined;
  const { sessionId, clientId, address } = identity;
  const { tag, deviceId, announced } = state;
  return { sessionId, clientId, tag, deviceId, address, announced };
}
