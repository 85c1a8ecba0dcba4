import type { OpenSessions } from "../protocol/link-controls.ts";
import type { Session } from "./session.ts";

/** The sessions of one client: those whose links its object holds at the moment. */
export class Sessions {
  readonly #all: () => Iterable<Session>;
  readonly #now: () => number;
  #lastReport: OpenSessions = { ids: [], asOf: 0 };

  constructor(all: () => Iterable<Session>, now: () => number) {
    this.#all = all;
    this.#now = now;
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

  /** The open sessions, for conversations. A later report has a later time, if it names other sessions. */
  report(): OpenSessions {
    const ids = this.open.map(({ identity }) => identity.sessionId);
    const { ids: before, asOf } = this.#lastReport;
    const isSame = ids.length === before.length && ids.every((id) => before.includes(id));
    this.#lastReport = { ids, asOf: Math.max(this.#now(), isSame ? asOf : asOf + 1) };
    return this.#lastReport;
  }
}
