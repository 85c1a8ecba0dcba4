import { and, eq, isNotNull, lt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { ContentOf, StoredFile } from "../../model/stored-file.ts";
import { files, unclaimedObjects } from "../schema/files.ts";
import { statement } from "../statement.ts";
import { addFile, fileById } from "./files.ts";
import { type UploadEnd, type UploadStart, withSize } from "./uploads.ts";

/*
 * Files of another service: their rows come first, and stay external until their bytes have come as well. The caller
 * sets a deadline for every call. A call throws if D1 fails.
 */

export type ImportedFile = StoredFile<ContentOf<"external">>;

/**
 * Adds a file of another service. One that is here already is changed if the row is newer; its bytes stay. `taken`:
 * another file has its key.
 */
export async function importFile(
  db: D1Database,
  file: ImportedFile,
): Promise<"added" | "changed" | "kept" | "taken"> {
  if (await addFile(db, file)) return "added";
  const { id, name, mimeType, metaData, acl = null, fields, content, updatedAt } = file;
  const { meta } = await drizzle(db)
    .update(files)
    .set({ name, mimeType, metaData, acl, fields, url: content.url, updatedAt })
    .where(and(eq(files.id, id), isNotNull(files.url), lt(files.updatedAt, updatedAt)));
  if (meta.changes > 0) return "changed";
  return (await fileById(db, id)) === undefined ? "taken" : "kept";
}

/** Notes the object of an attempt to import a file's bytes, unless they are here. */
export async function startContent(
  db: D1Database,
  { id, object, now }: { id: string; object: string; now: number },
): Promise<UploadStart<ImportedFile>> {
  const file = await fileById(db, id);
  if (file === undefined) return { outcome: "unknown" };
  const { content, ...rest } = file;
  if (content.state !== "external" || content.key === undefined) return { outcome: "used" };
  await drizzle(db).insert(unclaimedObjects).values({ object, since: now });
  return { outcome: "started", file: { ...rest, content } };
}

/**
 * Makes a complete object the bytes of this file. Unless it is stored then, it is still noted as one that no file has.
 *
 * @param size bytes
 */
export async function completeContent(
  db: D1Database,
  { id, object, size }: { id: string; object: string; size: number },
): Promise<UploadEnd> {
  const [completed] = await db.batch([
    statement(
      db,
      sql`UPDATE ${files} SET state = 'stored', object = ${object}, size = ${size},
          meta_data = ${withSize(size)}
        WHERE ${files.id} = ${id} AND ${files.state} = 'external' AND ${files.key} IS NOT NULL
          AND EXISTS (SELECT 1 FROM ${unclaimedObjects} WHERE ${unclaimedObjects.object} = ${object})`,
    ),
    statement(
      db,
      sql`DELETE FROM ${unclaimedObjects} WHERE ${unclaimedObjects.object} = ${object}
        AND EXISTS (SELECT 1 FROM ${files} WHERE ${files.id} = ${id} AND ${files.object} = ${object})`,
    ),
  ]);
  if ((completed?.meta.changes ?? 0) > 0) return "stored";
  return (await fileById(db, id)) === undefined ? "unknown" : "used";
}
