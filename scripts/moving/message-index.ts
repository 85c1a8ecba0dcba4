import { closeSync, openSync, readSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import * as v from "valibot";
import { DatabaseSync } from "../sqlite.ts";
import type { FinishedExport } from "./finished-export.ts";
import { ClassRow, MessageRow, type Part } from "./format.ts";

const Entry = v.object({
  conversation: v.string(),
  at: v.number(),
  part: v.number(),
  place: v.number(),
  length: v.number(),
});
const Count = v.object({ conversation: v.string(), count: v.number() });

/** A message of the export, or the row of a conversation, as it was written. */
export interface IndexedRow {
  isMessage: boolean;
  conversation: string;
  text: string;
}

/** How far the making of an index is told. */
const TOLD_EVERY = 1_000;
/** The time of a conversation's own row: before its messages. */
const FIRST = -1;
const COLUMNS = "conversation, at, part, place, length";

/**
 * The messages of an export by conversation, the oldest first: an export has them newest first, those of all
 * conversations together. If asked for, each conversation's row is in front of its messages. On disk, since there may be
 * millions; the rows themselves stay in the export's parts.
 */
export class MessageIndex {
  readonly #database: InstanceType<typeof DatabaseSync>;
  readonly #files: number[];

  private constructor(path: string, source: FinishedExport, conversations: string | undefined) {
    this.#database = new DatabaseSync(path, { readOnly: true });
    this.#database.exec("PRAGMA cache_size = -16000");
    const parts = partsOf(source, conversations);
    this.#files = parts.map(({ path }) => openSync(source.fileAt(path), "r"));
  }

  /**
   * Makes the index, or opens it. Throws a `Refusal` (1) where a part is not what the manifest says.
   *
   * @param tell hears how many messages it has so far
   * @param conversations the kind of the conversations' rows, if it is to have them
   */
  static async of(
    source: FinishedExport,
    path: string,
    tell: (count: number) => void,
    conversations?: string,
  ): Promise<MessageIndex> {
    try {
      return new MessageIndex(path, source, conversations);
    } catch {
      const draft = `${path}.new`;
      await rm(draft, { force: true });
      await fill(source, draft, tell, conversations);
      await rename(draft, path);
      return new MessageIndex(path, source, conversations);
    }
  }

  /**
   * All rows after the first so many, conversation by conversation, each from its oldest message on; those whose first
   * message is older come first. So what is written together is also near in time, which is the order of D1's archive.
   */
  *rows(skipped: number): Generator<IndexedRow> {
    const conversations = this.#database
      .prepare("SELECT conversation, count FROM conversation ORDER BY first, conversation")
      .iterate();
    const rows = this.#database.prepare(
      `SELECT ${COLUMNS} FROM message WHERE conversation = ? ORDER BY at, later LIMIT -1 OFFSET ?`,
    );
    let passed = skipped;
    for (const row of conversations) {
      const { conversation, count } = v.parse(Count, row);
      if (passed >= count) {
        passed -= count;
        continue;
      }
      for (const each of rows.iterate(conversation, passed)) yield this.#read(each);
      passed = 0;
    }
  }

  /** Those of one conversation, the newest first. */
  *messagesOf(conversation: string): Generator<IndexedRow> {
    const found = this.#database
      .prepare(
        `SELECT ${COLUMNS} FROM message WHERE conversation = ? AND at > ${FIRST} ORDER BY at DESC, later DESC`,
      )
      .iterate(conversation);
    for (const row of found) yield this.#read(row);
  }

  /** How many messages each conversation has. */
  *counts(): Generator<{ conversation: string; count: number }> {
    const found = this.#database
      .prepare(
        `SELECT conversation, count(*) AS count FROM message WHERE at > ${FIRST} GROUP BY conversation`,
      )
      .iterate();
    for (const row of found) yield v.parse(Count, row);
  }

  close(): void {
    this.#database.close();
    for (const file of this.#files) closeSync(file);
  }

  #read(row: unknown): IndexedRow {
    const { conversation, at, part, place, length } = v.parse(Entry, row);
    const bytes = Buffer.allocUnsafe(length);
    readSync(this.#files[part] ?? -1, bytes, 0, length, place);
    return { isMessage: at > FIRST, conversation, text: bytes.toString() };
  }
}

const partsOf = (source: FinishedExport, conversations: string | undefined): Part[] => [
  ...source.partsOf("messages"),
  ...(conversations === undefined ? [] : source.partsOf(conversations)),
];

async function fill(
  source: FinishedExport,
  path: string,
  tell: (count: number) => void,
  conversations: string | undefined,
): Promise<void> {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -64000");
  // `later` falls with each row: of two messages of one millisecond the older one stands further behind in the export.
  database.exec(
    `CREATE TABLE message (conversation TEXT, at INTEGER, later INTEGER, part INTEGER, place INTEGER,
      length INTEGER, PRIMARY KEY (conversation, at, later)) WITHOUT ROWID`,
  );
  const insert = database.prepare("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)");
  const parts = new Map(partsOf(source, conversations).map(({ path }, index) => [path, index]));
  let count = 0;
  database.exec("BEGIN");
  if (conversations !== undefined)
    for await (const { text, part, offset, length } of source.rows(conversations)) {
      const { objectId } = v.parse(ClassRow, JSON.parse(text));
      count += 1;
      insert.run(objectId, FIRST, count, parts.get(part.path) ?? 0, offset, length);
    }
  for await (const { text, part, offset, length } of source.rows("messages")) {
    const { to, timestamp } = v.parse(MessageRow, JSON.parse(text));
    count += 1;
    insert.run(to, timestamp, -count, parts.get(part.path) ?? 0, offset, length);
    if (count % TOLD_EVERY === 0) tell(count);
  }
  // Those without messages come last.
  database.exec(
    `CREATE TABLE conversation (first INTEGER, conversation TEXT, count INTEGER, PRIMARY KEY (first, conversation))
      WITHOUT ROWID;
    INSERT INTO conversation SELECT coalesce(min(nullif(at, ${FIRST})), ${Number.MAX_SAFE_INTEGER}), conversation,
      count(*) FROM message GROUP BY conversation`,
  );
  database.exec("COMMIT");
  database.close();
}
