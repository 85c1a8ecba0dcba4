import { and, eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { ContentOf, StoredFile } from "../../model/stored-file.ts";
import { files, unclaimedObjects } from "../schema/files.ts";
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

/** `used`: another attempt was first; `unknown`: the file is gone, or its client has confirmed another attempt. */
export type UploadEnd = "stored" | "used" | "unknown";

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
 * Makes a complete object the bytes of the file with this token. Unless it is stored then, it is still noted as one that
 * no file has.
 *
 * @param size bytes
 */
export async function completeUpload(
  db: D1Database,
  { token, object, size, now }: { token: string; object: string; size: number; now: number },
): Promise<UploadEnd> {
  const [completed] = await db.batch([
    statement(
      db,
      sql`UPDATE ${files} SET state = 'stored', object = ${object}, size = ${size}, token_expires_at = NULL,
          meta_data = ${withSize(size)}, updated_at = ${now}
        WHERE ${files.token} = ${token} AND ${files.state} = 'awaiting'
          AND EXISTS (SELECT 1 FROM ${unclaimedObjects} WHERE ${unclaimedObjects.object} = ${object})`,
    ),
    statement(
      db,
      sql`DELETE FROM ${unclaimedObjects} WHERE ${unclaimedObjects.object} = ${object}
        AND EXISTS (SELECT 1 FROM ${files} WHERE ${files.token} = ${token} AND ${files.object} = ${object})`,
    ),
  ]);
  if ((completed?.meta.changes ?? 0) > 0) return "stored";
  return (await fileByToken(db, token)) === undefined ? "unknown" : "used";
}

/** What a client says of the size counts until the bytes are here. */
export const withSize = (size: number) =>
  sql`json_set(${files.metaData}, '$.size', CAST(${size} AS INTEGER))`;

/** The file with this token, while its client has not confirmed the upload. */
export async function fileByToken(db: D1Database, token: string): Promise<StoredFile | undefined> {
  const [row] = await drizzle(db).select().from(files).where(eq(files.token, token));
  return row && fileIn(row);
}

/** The client is done: the token is good for nothing from now on. A file whose bytes have not come goes. */
export async function confirmUpload(db: D1Database, token: string): Promise<void> {
  const rows = drizzle(db);
  await rows.batch([
    rows.delete(files).where(and(eq(files.token, token), eq(files.state, "awaiting"))),
    rows.update(files).set({ token: null }).where(eq(files.token, token)),
  ]);
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
