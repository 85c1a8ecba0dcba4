import type { ConversationTables } from "../conversation-tables.ts";

/** A broadcast to everybody that a client which comes later still gets. Times are milliseconds. */
export interface GlobalBroadcast {
  timestamp: number;
  messageId: string;
  validTill: number;
}

/**
 * What has to be done next about a broadcast: to list it for logins, to send it to all that are online, to send it to
 * those that came meanwhile, or nothing.
 */
export type Pass = "list" | "all" | "again" | "done";

export interface Announcement extends GlobalBroadcast {
  pass: Pass;
  /** The last client that was sent it in this pass; the empty string before the first. */
  reached: string;
}

type Row = { timestamp: number; message_id: string; valid_till: number; pass: Pass; reached: string };

/** The broadcasts to everybody, with their end: a row each, some thirty a day. */
export class GlobalBroadcasts {
  readonly #tables: ConversationTables;

  constructor(tables: ConversationTables) {
    this.#tables = tables;
  }

  /** Those that have not ended at `now`, oldest first. */
  validAt(now: number): GlobalBroadcast[] {
    return this.#read("WHERE valid_till > ? ORDER BY timestamp", now);
  }

  /** The first one that is not done; one that waits for its second pass holds up no other. */
  get next(): Announcement | undefined {
    return this.#read("WHERE pass <> 'done' ORDER BY pass = 'again', timestamp LIMIT 1")[0];
  }

  /** Those that the list does not have yet, or that have to be taken off it. */
  get unlisted(): Announcement[] {
    return this.#read("WHERE pass = 'list' ORDER BY timestamp");
  }

  /** Whether there was never any. */
  get isEmpty(): boolean {
    return this.#read("LIMIT 1").length === 0;
  }

  /** Whether a broadcast still ends at this time. */
  isUnchanged(timestamp: number, validTill: number): boolean {
    return this.#read("WHERE timestamp = ? AND valid_till = ?", timestamp, validTill).length > 0;
  }

  add(broadcast: GlobalBroadcast): void {
    this.#add(broadcast, "list");
  }

  /** Adds one of another service, which clients have got there. */
  addOld(broadcast: GlobalBroadcast): void {
    this.#add(broadcast, "done");
  }

  #add({ timestamp, messageId, validTill }: GlobalBroadcast, pass: Pass): void {
    this.#tables.add(
      "global_broadcasts",
      "INSERT OR REPLACE INTO global_broadcasts VALUES (?, ?, ?, ?, '')",
      timestamp,
      messageId,
      validTill,
      pass,
    );
  }

  /** A broadcast got this far. */
  advance(timestamp: number, pass: Pass, reached: string): void {
    this.#tables.change(
      "global_broadcasts",
      "UPDATE global_broadcasts SET pass = ?, reached = ? WHERE timestamp = ?",
      pass,
      reached,
      timestamp,
    );
  }

  /** Ends a broadcast now: it has to be taken off the list. */
  end(timestamp: number): void {
    this.#tables.change(
      "global_broadcasts",
      "UPDATE global_broadcasts SET valid_till = 0, pass = 'list' WHERE timestamp = ?",
      timestamp,
    );
  }

  #read(condition: string, ...bindings: number[]): Announcement[] {
    return this.#tables
      .read<Row>("global_broadcasts", `SELECT * FROM global_broadcasts ${condition}`, ...bindings)
      .map(({ message_id: messageId, valid_till: validTill, ...row }) => ({ ...row, messageId, validTill }));
  }
}
