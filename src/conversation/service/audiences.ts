import { UNREAD_ROWS } from "../../bounds.ts";
import type { ConversationTables } from "../conversation-tables.ts";

/** Everybody that is subscribed. No client id is empty. */
export const SUBSCRIBERS = "";
/** Everybody, subscribed or not. No client id has a control character. */
export const EVERYBODY = "\n";

/** Entries of the log for one audience, after a time (ms). */
export interface Range {
  /** A client, `SUBSCRIBERS` or `EVERYBODY`. */
  audience: string;
  after: number;
}

/** The place of an entry in the log: a message at its own time, a change of one at the time of the change. */
export interface EntryPlace {
  at: number;
  /** Of the message. */
  timestamp: number;
}

/** Bounds of a search (ms): later than `after`, no later than `upTo`. */
interface Bounds {
  after: number;
  upTo: number;
}

/** Which entries: messages, changes of messages, or both. */
type Which = "messages" | "patches" | "all";

const CONDITIONS: Readonly<Record<Which, string>> = {
  messages: "at = timestamp",
  patches: "at <> timestamp",
  all: "TRUE",
};

/**
 * The index of a service's log: for each entry who may see it, subscribers, everybody, or one client after another. What
 * one client may see is found by it, and never by a search in the conversations of others.
 */
export class Audiences {
  readonly #tables: ConversationTables;

  constructor(tables: ConversationTables) {
    this.#tables = tables;
  }

  /** An entry was appended for these audiences: one row each, so the callers bound their number. */
  add(audiences: readonly string[], { at, timestamp }: EntryPlace): void {
    for (const audience of new Set(audiences))
      this.#tables.add(
        "audiences",
        "INSERT OR IGNORE INTO audiences VALUES (?, ?, ?)",
        audience,
        at,
        timestamp,
      );
  }

  /** A client sees this message no more, nor its changes. */
  remove(audience: string, timestamp: number): void {
    this.#tables.change(
      "audiences",
      "DELETE FROM audiences WHERE audience = ? AND at >= ? AND timestamp = ?",
      audience,
      timestamp,
      timestamp,
    );
  }

  /** The entries of an audience up to a time (ms) are gone, with their messages. */
  removeUpTo(audience: string, at: number): void {
    this.#tables.change("audiences", "DELETE FROM audiences WHERE audience = ? AND at <= ?", audience, at);
  }

  /** The newest entries in the ranges and bounds, oldest first. */
  newest(ranges: readonly Range[], { after, upTo }: Bounds, limit: number, which: Which): EntryPlace[] {
    return ranges
      .flatMap((range) => this.#page(range, { after, upTo }, limit, which, "DESC"))
      .sort((a, b) => b.at - a.at)
      .slice(0, limit)
      .reverse();
  }

  /** The oldest entries in the ranges and bounds, oldest first. */
  oldest(ranges: readonly Range[], { after, upTo }: Bounds, limit: number, which: Which): EntryPlace[] {
    return ranges
      .flatMap((range) => this.#page(range, { after, upTo }, limit, which, "ASC"))
      .sort((a, b) => a.at - b.at)
      .slice(0, limit);
  }

  #page(
    range: Range,
    { after, upTo }: Bounds,
    limit: number,
    which: Which,
    order: "ASC" | "DESC",
  ): EntryPlace[] {
    // The inner limit bounds what a search for the few changes reads.
    return this.#tables.read<{ at: number; timestamp: number }>(
      "audiences",
      "SELECT at, timestamp FROM (SELECT at, timestamp FROM audiences WHERE audience = ? AND at > ? AND at <= ? " +
        `AND timestamp > ? ORDER BY at ${order} LIMIT ?) WHERE ${CONDITIONS[which]} ORDER BY at ${order} LIMIT ?`,
      range.audience,
      Math.max(after, range.after),
      upTo,
      range.after,
      which === "all" ? limit : UNREAD_ROWS,
      limit,
    );
  }

  /** The clients that have entries of their own, in the order of their ids, after one of them. */
  clientsAfter(clientId: string = EVERYBODY, limit: number): string[] {
    // One seek for each client: a search for distinct ones would read all entries of each.
    return this.#tables
      .read<{ audience: string }>(
        "audiences",
        "WITH RECURSIVE clients(audience) AS (SELECT min(audience) FROM audiences WHERE audience > ? UNION ALL " +
          "SELECT (SELECT min(audience) FROM audiences WHERE audience > clients.audience) FROM clients " +
          "WHERE audience IS NOT NULL) SELECT audience FROM clients WHERE audience IS NOT NULL LIMIT ?",
        clientId,
        limit,
      )
      .map(({ audience }) => audience);
  }

  /** Time of the newest entry for an audience up to a time; 0 if there is none. */
  endOf(audience: string, upTo: number): number {
    const [row] = this.#tables.read<{ at: number | null }>(
      "audiences",
      "SELECT max(at) AS at FROM audiences WHERE audience = ? AND at <= ?",
      audience,
      upTo,
    );
    return row?.at ?? 0;
  }
}
