import type { ChangeTimes } from "../conversation/conversation-catch-up.ts";
import type { CatchUpMode } from "../protocol/link-controls.ts";
import { catchUpModes } from "../protocol/link-controls.ts";
import type { ClientTables } from "./client-tables.ts";
import type { KnownTimes } from "./session.ts";

/** How long (ms) a conversation without news is kept for devices that were offline longer. */
const REMEMBERED = 30 * 24 * 60 * 60 * 1000;

/** Which devices may have something unread there, by their catch-up mode. Stored. */
const COUNTS = 1;
const MESSAGES = 2;

interface Row extends ChangeTimes {
  /** `COUNTS`, `MESSAGES`, both, or neither once both are up to date. */
  pending: number;
}

type Stored = {
  conversation_id: string;
  pending: number;
  patched_at: number;
  read_at: number;
  noticed_at: number;
};

/**
 * The conversations that may have news for a client: one row each, written once per login and conversation, so that a
 * login asks as many conversations as have news. A row stays for a while after its news, for a device that was offline
 * longer than its siblings and lacks the changes that they have received (Y-21, M-19).
 */
export class Inbox {
  readonly #tables: ClientTables;
  #rows: Map<string, Row> | undefined;
  #messagesModeSince: number | undefined;
  /** Counts the calls of `add` per conversation: an answer asked for before the last of them removes nothing. */
  readonly #arrivals = new Map<string, number>();

  constructor(tables: ClientTables) {
    this.#tables = tables;
  }

  /** When a `.1` device of the client first logged in (ms); undefined if none did. */
  get messagesModeSince(): number | undefined {
    this.#load();
    return this.#messagesModeSince;
  }

  /** A `.1` device logs in: from the first one on, news for its catch-up mode is kept separately. */
  beginMessagesMode(now: number): void {
    const rows = this.#load();
    if (this.#messagesModeSince !== undefined) return;
    this.#tables.add("pushes", "INSERT INTO pushes VALUES (?)", now);
    this.#messagesModeSince = now;
    for (const [conversationId, row] of rows) {
      if (row.pending !== 0) this.#write(conversationId, { ...row, pending: COUNTS | MESSAGES });
    }
  }

  /** The conversations that a login has to ask. */
  newsFor(mode: CatchUpMode, known: KnownTimes): string[] {
    const news: string[] = [];
    for (const [conversationId, row] of this.#load()) {
      const missed =
        (known.patches !== undefined && row.patchedAt > known.patches) ||
        (known.reads !== undefined && row.readAt > known.reads);
      if (missed || (row.pending & bit(mode)) !== 0) news.push(conversationId);
    }
    return news;
  }

  /** The conversations in which the client may have something unread. */
  unread(): string[] {
    return [...this.#load()].filter(([, row]) => (row.pending & COUNTS) !== 0).map(([id]) => id);
  }

  /** The conversations that may have notices from after a time (ms). */
  noticesAfter(time: number): string[] {
    return [...this.#load()]
      .filter(([, row]) => row.pending !== 0 || row.noticedAt > time)
      .map(([conversationId]) => conversationId);
  }

  /** The conversation may have something unread from now on. */
  add(conversationId: string): void {
    this.#arrivals.set(conversationId, this.arrivals(conversationId) + 1);
    const row = this.#load().get(conversationId);
    const pending = this.#messagesModeSince === undefined ? COUNTS : COUNTS | MESSAGES;
    if (row !== undefined && (row.pending & pending) === pending) return;
    this.#write(conversationId, { patchedAt: 0, readAt: 0, noticedAt: 0, ...row, pending });
  }

  /** How often `add` was called for a conversation since the object woke. */
  arrivals(conversationId: string): number {
    return this.#arrivals.get(conversationId) ?? 0;
  }

  /**
   * A conversation was asked for news and answered. Devices of this kind are up to date now, unless the answer is
   * `pending` or something arrived since the question.
   *
   * @param arrivals the value of `arrivals` at the question
   */
  settle(
    conversationId: string,
    arrivals: number,
    mode: CatchUpMode,
    answer: { pending: boolean; changed: ChangeTimes },
    now: number,
  ): void {
    const row = this.#load().get(conversationId);
    if (row === undefined) return;
    const done = !answer.pending && this.arrivals(conversationId) === arrivals;
    const pending = done ? row.pending & ~bit(mode) : row.pending;
    const { changed } = answer;
    const latest = Math.max(changed.patchedAt, changed.readAt, changed.noticedAt);
    if (pending === 0 && latest < now - REMEMBERED) {
      this.#tables.change("inbox", "DELETE FROM inbox WHERE conversation_id = ?", conversationId);
      this.#load().delete(conversationId);
    } else if (pending !== row.pending || isLater(changed, row)) {
      this.#write(conversationId, { ...changed, pending });
    }
  }

  /** The conversation does not exist. */
  forget(conversationId: string): void {
    if (!this.#load().delete(conversationId)) return;
    this.#tables.change("inbox", "DELETE FROM inbox WHERE conversation_id = ?", conversationId);
  }

  #write(conversationId: string, row: Row): void {
    this.#tables.add(
      "inbox",
      "INSERT OR REPLACE INTO inbox VALUES (?, ?, ?, ?, ?)",
      conversationId,
      row.pending,
      row.patchedAt,
      row.readAt,
      row.noticedAt,
    );
    this.#load().set(conversationId, row);
  }

  #load(): Map<string, Row> {
    if (this.#rows !== undefined) return this.#rows;
    this.#rows = new Map();
    // The table is older than the word "push" for mobile push alone.
    const [first] = this.#tables.read<{ first_at: number }>("pushes", "SELECT first_at FROM pushes");
    this.#messagesModeSince = first?.first_at;
    for (const row of this.#tables.read<Stored>("inbox", "SELECT * FROM inbox")) {
      const { pending, patched_at: patchedAt, read_at: readAt, noticed_at: noticedAt } = row;
      this.#rows.set(row.conversation_id, { pending, patchedAt, readAt, noticedAt });
    }
    return this.#rows;
  }
}

function bit(mode: CatchUpMode): number {
  return mode === catchUpModes.COUNTS ? COUNTS : MESSAGES;
}

function isLater(changed: ChangeTimes, than: ChangeTimes): boolean {
  return (
    changed.patchedAt > than.patchedAt || changed.readAt > than.readAt || changed.noticedAt > than.noticedAt
  );
}
