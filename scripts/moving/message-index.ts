import { closeSync, openSync, readSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import * as v from "valibot";
import { DatabaseSync } from "../sqlite.ts";
import type { FinishedExport } from "./finished-export.ts";
import { MessageRow } from "./format.ts";

const Entry = v.object({
  conversation: v.string(),
  part: v.number(),
  place: v.number(),
  length: v.number(),
});
const Count = v.object({ conversation: v.string(), count: v.number() });

/** A message of the export, as it was written. */
export interface IndexedMessage {
  conversation: string;
  text: string;
}

/** How far the making of an index is told. */
const TOLD_EVERY = 1_000;

/**
 * The messages of an export by conversation, the oldest first: an export has them newest first, those of all
 * conversations together. On disk, since there may be millions; the messages themselves stay in the export's parts.
 */
export class MessageIndex {
  readonly #database: InstanceType<typeof DatabaseSync>;
  readonly #files: number[];

  private constructor(path: string, source: FinishedExport) {
    this.#database = new DatabaseSync(path, { readOnly: true });
    this.#database.exec("PRAGMA cache_size = -16000");
    this.#files = source.partsOf("messages").map((part) => openSync(source.fileAt(part.path), "r"));
  }

  /**
   * Makes the index, or opens it. Throws a `Refusal` (1) where a part is not what the manifest says.
   *
   * @param tell hears how many messages it has so far
   */
  static async of(
    source: FinishedExport,
    path: string,
    tell: (count: number) => void,
  ): Promise<MessageIndex> {
    try {
      return new MessageIndex(path, source);
    } catch {
      const draft = `${path}.new`;
      await rm(draft, { force: true });
      await fill(source, draft, tell);
      await rename(draft, path);
      return new MessageIndex(path, source);
    }
  }

  /** All messages after the first so many: conversation by conversation, each from its oldest message on. */
  *messages(skipped = 0): Generator<IndexedMessage> {
    const found = this.#database
      .prepare(
        "SELECT conversation, part, place, length FROM message ORDER BY conversation, at, later LIMIT -1 OFFSET ?",
      )
      .iterate(skipped);
    for (const row of found) yield this.#read(row);
  }

  /** Those of one conversation, the newest first. */
  *messagesOf(conversation: string): Generator<IndexedMessage> {
    const found = this.#database
      .prepare(
        "SELECT conversation, part, place, length FROM message WHERE conversation = ? ORDER BY at DESC, later DESC",
      )
      .iterate(conversation);
    for (const row of found) yield this.#read(row);
  }

  /** How many messages each conversation has. */
  *counts(): Generator<{ conversation: string; count: number }> {
    const found = this.#database
      .prepare("SELECT conversation, count(*) AS count FROM message GROUP BY conversation")
      .iterate();
    for (const row of found) yield v.parse(Count, row);
  }

  close(): void {
    this.#database.close();
    for (const file of this.#files) closeSync(file);
  }

  #read(row: unknown): IndexedMessage {
    const { conversation, part, place, length } = v.parse(Entry, row);
    const bytes = Buffer.allocUnsafe(length);
    readSync(this.#files[part] ?? -1, bytes, 0, length, place);
    return { conversation, text: bytes.toString() };
  }
}

async function fill(source: FinishedExport, path: string, tell: (count: number) => void): Promise<void> {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -64000");
  // `later` falls with each row: of two messages of one millisecond the older one stands further behind in the export.
  database.exec(
    `CREATE TABLE message (conversation TEXT, at INTEGER, later INTEGER, part INTEGER, place INTEGER,
      length INTEGER, PRIMARY KEY (conversation, at, later)) WITHOUT ROWID`,
  );
  const insert = database.prepare("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)");
  const parts = new Map(source.partsOf("messages").map(({ path }, index) => [path, index]));
  let count = 0;
  database.exec("BEGIN");
  for await (const { text, part, offset, length } of source.rows("messages")) {
    const { to, timestamp } = v.parse(MessageRow, JSON.parse(text));
    count += 1;
    insert.run(to, timestamp, -count, parts.get(part.path) ?? 0, offset, length);
    if (count % TOLD_EVERY === 0) tell(count);
  }
  database.exec("COMMIT");
  database.close();
}
