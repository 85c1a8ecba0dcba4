import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { ContentOf, FileContent, StoredFile } from "../../model/stored-file.ts";
import { files, unclaimedObjects } from "../schema/files.ts";
import { statement } from "../statement.ts";

type Row = typeof files.$inferSelect;

/* Rows of `_File`. The caller sets a deadline for every call. A call throws if D1 fails. */

/** Adds a file. Returns false if its key, id or token is taken. */
export async function addFile(db: D1Database, file: StoredFile): Promise<boolean> {
  const { acl, content, ...rest } = file;
  const row = { ...rest, acl: acl ?? null, ...columnsOf(content) };
  const { meta } = await drizzle(db)
    .insert(files)
    .values(row)
    // No target: SQLite finds a partial index only by its condition, which drizzle writes in the wrong place.
    .onConflictDoNothing()
    .run();
  return meta.changes > 0;
}

/** The file with this id; undefined if there is none. */
export async function fileById(db: D1Database, id: string): Promise<StoredFile | undefined> {
  const [row] = await drizzle(db).select().from(files).where(eq(files.id, id));
  return row && fileIn(row);
}

/** The file whose bytes are served under this key; undefined if there is none, or its bytes have not come. */
export async function storedFileByKey(
  db: D1Database,
  key: string,
): Promise<StoredFile<ContentOf<"stored">> | undefined> {
  const [row] = await drizzle(db)
    .select()
    .from(files)
    .where(and(eq(files.key, key), eq(files.state, "stored")));
  if (row === undefined) return undefined;
  const { content, ...file } = fileIn(row);
  return content.state === "stored" ? { ...file, content } : undefined;
}

/** The files with these ids, in no order. */
export async function filesByIds(db: D1Database, ids: readonly string[]): Promise<StoredFile[]> {
  const named = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const rows = await drizzle(db).select().from(files).where(inArray(files.id, named));
  return rows.map(fileIn);
}

/** The files with these keys, in no order. */
export async function filesByKeys(db: D1Database, keys: readonly string[]): Promise<StoredFile[]> {
  const named = sql`(SELECT value FROM json_each(${JSON.stringify(keys)}))`;
  const rows = await drizzle(db).select().from(files).where(inArray(files.key, named));
  return rows.map(fileIn);
}

/** Removes a file. Returns the names of its bytes, which are now objects that no file has (`unclaimed-objects.ts`). */
export function removeFile(db: D1Database, id: string, now: number): Promise<string[]> {
  return removeFiles(db, eq(files.id, id), now);
}

/** The same for the files that match. */
export async function removeFiles(db: D1Database, condition: SQL, now: number): Promise<string[]> {
  const objects = sql`SELECT ${files.object}, ${now} FROM ${files}
    WHERE ${condition} AND ${files.object} IS NOT NULL`;
  const noted = sql`INSERT OR IGNORE INTO ${unclaimedObjects} (object, since) ${objects} RETURNING object`;
  const removed = sql`DELETE FROM ${files} WHERE ${condition}`;
  const [unclaimed] = await db.batch<{ object: string }>([statement(db, noted), statement(db, removed)]);
  return (unclaimed?.results ?? []).map(({ object }) => object);
}

/** A row as the file that it is. Throws for a row that no version of this server wrote. */
export function fileIn(row: Row): StoredFile {
  const { id, name, mimeType, metaData, acl, fields, createdAt, updatedAt } = row;
  const content = contentIn(row);
  return { id, name, mimeType, metaData, acl: acl ?? undefined, fields, content, createdAt, updatedAt };
}

function contentIn({ id, state, key, token, tokenExpiresAt, object, size, url }: Row): FileContent {
  if (state === "external" && url !== null) return { state, url, key: key ?? undefined };
  if (state === "awaiting" && key !== null && token !== null && tokenExpiresAt !== null)
    return { state, key, token, tokenExpiresAt };
  if (state === "stored" && key !== null && object !== null && size !== null)
    return { state, key, object, size, token: token ?? undefined, importedFrom: url ?? undefined };
  throw new Error(`the row of file ${id} lacks columns of its state`);
}

function columnsOf(
  content: FileContent,
): Pick<Row, "state" | "key" | "token" | "tokenExpiresAt" | "object" | "size" | "url"> {
  const none = { key: null, token: null, tokenExpiresAt: null, object: null, size: null, url: null };
  if (content.state !== "stored") return { ...none, ...content };
  const { importedFrom = null, token = null, ...stored } = content;
  return { ...none, ...stored, token, url: importedFrom };
}
