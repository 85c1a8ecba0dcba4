import { createHash } from "node:crypto";
import * as v from "valibot";
import type { FileRow } from "../moving/format.ts";
import { DatabaseSync } from "../sqlite.ts";
import type { Wanted } from "./file-urls.ts";

const Found = v.array(v.object({ url: v.string(), objectId: v.nullable(v.string()) }));
const Written = v.array(v.object({ number: v.number(), row: v.string() }));

/**
 * The files that an export fetches, each address once, and what became of them. In a database, since an app may have
 * more files than fit into memory.
 */
export class FileList {
  readonly #database: InstanceType<typeof DatabaseSync>;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    this.#database.exec(
      "CREATE TABLE IF NOT EXISTS file (number INTEGER PRIMARY KEY, url TEXT UNIQUE, objectId TEXT, row TEXT)",
    );
  }

  /** Makes the list anew, of all that `add` is called with. */
  async fill(collect: (add: (wanted: Wanted, row?: FileRow) => void) => Promise<void>): Promise<void> {
    this.#database.exec("DELETE FROM file");
    const insert = this.#database.prepare("INSERT OR IGNORE INTO file (url, objectId, row) VALUES (?, ?, ?)");
    this.#database.exec("BEGIN");
    await collect(({ url, objectId }, row) => {
      insert.run(url, objectId ?? null, row === undefined ? null : JSON.stringify(row));
    });
    this.#database.exec("COMMIT");
  }

  /** Forgets those that an earlier export has. */
  forgetDone(): void {
    this.#database.exec("DELETE FROM file WHERE row IS NOT NULL");
  }

  counts(): { all: number; done: number } {
    const { all, done } = v.parse(
      v.object({ all: v.number(), done: v.number() }),
      this.#database.prepare('SELECT count(*) AS "all", count(row) AS done FROM file').get(),
    );
    return { all, done };
  }

  /** Files that nothing is known of yet. */
  wanted(limit: number): Wanted[] {
    const found = this.#database
      .prepare("SELECT url, objectId FROM file WHERE row IS NULL LIMIT ?")
      .all(limit);
    return v.parse(Found, found).map(({ url, objectId }) => ({ url, objectId: objectId ?? undefined }));
  }

  settle(row: FileRow): void {
    this.#database.prepare("UPDATE file SET row = ? WHERE url = ?").run(JSON.stringify(row), row.url);
  }

  /** The rows of what was settled, after a number. */
  rows(after: number, limit: number): { number: number; row: string }[] {
    const query = "SELECT number, row FROM file WHERE row IS NOT NULL AND number > ? ORDER BY number LIMIT ?";
    return v.parse(Written, this.#database.prepare(query).all(after, limit));
  }

  close(): void {
    this.#database.close();
  }
}

/** Where a file's content goes in the export: names of files are not to be trusted, so it is named after its address. */
export function contentPathOf(url: string): string {
  const name = createHash("sha256").update(url).digest("hex").slice(0, 40);
  return `files/${name.slice(0, 2)}/${name}`;
}
