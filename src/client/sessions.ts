import type { Session } from "./session.ts";

/** The sessions of one client: those whose links its object holds at the moment. */
export class Sessions {
  readonly #all: () => Iterable<Session>;

  constructor(all: () => Iterable<Session>) {
    this.#all = all;
  }

  get open(): Session[] {
    return [...this.#all()].filter((session) => session.isOpen);
  }

  /** The ids of all sessions, open or opening. */
  get ids(): string[] {
    return [...this.#all()].map(({ identity }) => identity.sessionId);
  }

  /** Whether the link of a session, open or opening, is still there. */
  has(session: Session): boolean {
    return [...this.#all()].includes(session);
  }

  /** The other open sessions. */
  siblingsOf(session: Session): Session[] {
    return this.open.filter((other) => other !== session);
  }

  /** Whether there is an open session on this user's socket. */
  isOnConnection(connectionId: string): boolean {
    return this.open.some(({ identity }) => identity.connectionId === connectionId);
  }

  /** Asks the SDK of every session to look up the server again and reconnect. Returns the number of sessions. */
  goAway(): number {
    const sessions = this.open;
    for (const session of sessions) session.sendControl({ type: "goAway" });
    return sessions.length;
  }

  /** Sends a record to every open session. Returns whether there was one. */
  send(record: Uint8Array): boolean {
    const sessions = this.open;
    for (const session of sessions) session.send(record);
    return sessions.length > 0;
  }
}
