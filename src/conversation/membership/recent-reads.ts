import type { ConversationTables } from "../conversation-tables.ts";

/** How far a member has read, and when the cursor moved there (ms). */
export interface RecentRead {
  readCursor: number;
  movedAt: number;
}

/** As many as a conversation has members by default: all of them may read the same message. */
const CLIENTS_MAX = 500;
/** Characters of the row, which each burst of reads writes anew: eight pages of SQLite. */
const CHARACTERS_MAX = 32 * 1024;

type Entry = [clientId: string, readCursor: number, movedAt: number];

/**
 * Read cursors that are ahead of the rows of their members. Members who read the same message within a moment share this
 * one row, instead of a row for each (docs/paths.md, cursors).
 */
export class RecentReads implements Iterable<[string, RecentRead]> {
  readonly #tables: ConversationTables;
  /** By client id; the client that read last is at the end. */
  readonly #reads: Map<string, RecentRead>;
  /** Clients that the stored row still names, although it is not their newest cursor, or they are no members. */
  readonly #outdated = new Set<string>();

  constructor(tables: ConversationTables) {
    this.#tables = tables;
    const [row] = tables.read<{ reads: string }>("recent_reads", "SELECT reads FROM recent_reads");
    const entries: Entry[] = row === undefined ? [] : JSON.parse(row.reads);
    this.#reads = new Map(
      entries.map(([clientId, readCursor, movedAt]) => [clientId, { readCursor, movedAt }]),
    );
  }

  [Symbol.iterator](): IterableIterator<[string, RecentRead]> {
    return this.#reads.entries();
  }

  /** The member's own row has the newest cursor, or is gone. This one stays stored until the next burst. */
  drop(clientId: string): void {
    if (this.#reads.delete(clientId)) this.#outdated.add(clientId);
  }

  /** A client becomes a member: nothing that is stored of a former membership comes back. */
  joins(clientId: string): void {
    this.drop(clientId);
    if (this.#outdated.has(clientId)) this.#write([...this.#reads].map(asText));
  }

  /**
   * Stores the cursors of several members together.
   *
   * @param saveAlone stores the cursor of a member in its own row; for those who read longest ago, if the shared row has
   *   no room for all
   */
  store(
    reads: Iterable<[string, RecentRead]>,
    saveAlone: (clientId: string, read: RecentRead) => void,
  ): void {
    for (const [clientId, read] of reads) {
      this.#reads.delete(clientId);
      this.#reads.set(clientId, read);
    }
    const texts = [...this.#reads].map(asText);
    let characters = texts.reduce((sum, text) => sum + text.length + 1, 1);
    let beyond = 0;
    for (const [clientId, read] of [...this.#reads]) {
      if (texts.length - beyond <= CLIENTS_MAX && characters <= CHARACTERS_MAX) break;
      saveAlone(clientId, read);
      this.#reads.delete(clientId);
      characters -= (texts[beyond]?.length ?? 0) + 1;
      beyond += 1;
    }
    this.#write(texts.slice(beyond));
  }

  #write(entries: readonly string[]): void {
    this.#tables.add(
      "recent_reads",
      "INSERT INTO recent_reads VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET reads = excluded.reads",
      `[${entries.join()}]`,
    );
    this.#outdated.clear();
  }
}

function asText([clientId, { readCursor, movedAt }]: [string, RecentRead]): string {
  const entry: Entry = [clientId, readCursor, movedAt];
  return JSON.stringify(entry);
}
