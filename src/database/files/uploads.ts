import { and, eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { ContentOf, StoredFile } from "../../model/stored-file.ts";
import { files, unclaimedObjects } from "../schema.ts";
import { statement } from "../statement.ts";
import { fileIn, removeFiles } from "./files.ts";

/*
 * What happens to a file between its token and its bytes. Each attempt to upload has an object of its own in the bucket,
 * so that attempts at the same time never mix. Its name is written down here before the first byte is stored, and the
 * first attempt that is complete becomes the file's bytes in one transaction: whatever ends a server between two steps,
 * no half of a file is served, and the daily cleanup finds what is left.
 *
 * The caller sets a deadline for every call. A call throws if D1 fails.
 */

export type UploadStart<File = StoredFile<ContentOf<"awaiting">>> =
  | { outcome: "started"; file: File }
  /** No file has this token: it never existed, or the client has confirmed the upload. */
  | { outcome: "unknown" }
  /** The bytes are there already. */
  | { outcome: "used" }
  | { outcome: "expired" };

/** Notes the object of an attempt to upload, if the token is good (`now` in ms). */
export async function startUpload(
  db: D1Database,
  { token, object, now }: { token: string; object: string; now: number },
): Promise<UploadStart> {
  const awaiting = sql`SELECT ${object}, ${now} FROM ${files}
    WHERE ${files.token} = ${token} AND ${files.state} = 'awaiting' AND ${files.tokenExpiresAt} > ${now}`;
  const noted = statement(db, sql`INSERT INTO ${unclaimedObjects} (object, since) ${awaiting}`);
  const file = await fileByToken(db, token);
  if (file === undefined) return { outcome: "unknown" };
  const { content, ...rest } = file;
  if (content.state !== "awaiting") return { outcome: "used" };
  if ((await noted.run()).meta.changes > 0) return { outcome: "started", file: { ...rest, content } };
  return { outcome: content.tokenExpiresAt > now ? "used" : "expired" };
}

/**
 * Makes a complete object the bytes of the file with this token. Returns false if another attempt was first, or the file
 * is gone; then the object is still noted as one that no file has.
 *
 * @param size bytes
 */
export async function completeUpload(
  db: D1Database,
  { token, object, size, now }: { token: string; object: string; size: number; now: number },
): Promise<boolean> {
  const [completed] = await db.batch([
    statement(
      db,
      sql`UPDATE ${files} SET state = 'stored', object = ${object}, size = ${size}, token_expires_at = NULL,
          updated_at = ${now}
        WHERE ${files.token} = ${token} AND ${files.state} = 'awaiting'
          AND EXISTS (SELECT 1 FROM ${unclaimedObjects} WHERE ${unclaimedObjects.object} = ${object})`,
    ),
    statement(
      db,
      sql`DELETE FROM ${unclaimedObjects} WHERE ${unclaimedObjects.object} = ${object}
        AND EXISTS (SELECT 1 FROM ${files} WHERE ${files.token} = ${token} AND ${files.object} = ${object})`,
    ),
  ]);
  return (completed?.meta.changes ?? 0) > 0;
}

/** The file with this token, while its client has not confirmed the upload. */
export async function fileByToken(db: D1Database, token: string): Promise<StoredFile | undefined> {
  const [row] = await drizzle(db).select().from(files).where(eq(files.token, token));
  return row && fileIn(row);
}

/** The client has its file: the token is good for nothing from now on. One whose bytes have not come keeps it. */
export async function confirmUpload(db: D1Database, token: string): Promise<void> {
  await drizzle(db)
    .update(files)
    .set({ token: null })
    .where(and(eq(files.token, token), eq(files.state, "stored")));
}

/** The client has given the upload up: the file goes. Returns the names of its bytes, if they came, for deletion. */
export function abandonUpload(db: D1Database, token: string, now: number): Promise<string[]> {
  return removeFiles(db, eq(files.token, token), now);
}

/** Removes up to so many files that have awaited their bytes since before a time (ms). Returns how many. */
export async function removeAwaiting(db: D1Database, before: number, most: number): Promise<number> {
  const old = sql`SELECT ${files.id} FROM ${files} WHERE ${files.state} = 'awaiting'
    AND ${files.createdAt} < ${before} ORDER BY ${files.createdAt} LIMIT ${most}`;
  // Named by their state as well: the bytes of one may come at this moment.
  const removal = sql`DELETE FROM ${files} WHERE ${files.id} IN (${old}) AND ${files.state} = 'awaiting'`;
  return (await statement(db, removal).run()).meta.changes;
}
