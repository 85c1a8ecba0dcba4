import type { SessionReport } from "../../protocol/link-controls.ts";

/** The one room that a session is in. */
export class SessionRoom {
  readonly #report: (report: SessionReport) => void;
  readonly #leave: (conversationId: string) => void;
  #room: string | undefined;

  /**
   * @param report sends a report to the client's object
   * @param leave ends the presence of the session in a room
   */
  constructor(report: (report: SessionReport) => void, leave: (conversationId: string) => void) {
    this.#report = report;
    this.#leave = leave;
  }

  get current(): string | undefined {
    return this.#room;
  }

  /** The session is in a room, and leaves the one that it was in before. */
  entered(conversationId: string): void {
    const before = this.#room;
    if (before === conversationId) return;
    this.#room = conversationId;
    this.#report({ type: "room", conversationId });
    if (before !== undefined) this.#leave(before);
  }

  /** The session is no longer in a room. */
  left(conversationId: string): void {
    if (this.#room !== conversationId) return;
    this.#room = undefined;
    this.#report({ type: "room", conversationId: undefined });
  }
}
