import { ne } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { JsonObject } from "../../model/json.ts";
import type { StoredFile } from "../../model/stored-file.ts";
import { files } from "../schema/files.ts";
import { countInSlices, findInSlices } from "../where/owner-query.ts";
import { readInParts, type SliceSize } from "../where/owner-query-slices.ts";
import { parseWhere } from "../where/parse-where.ts";
import { isQueryRefusal, type QueryRefusal } from "../where/query-refusal.ts";
import { fileTable } from "./fields.ts";
import { filesByIds } from "./files.ts";

export interface FileListing {
  where: JsonObject;
  /** Such as `-createdAt,name`; the oldest come first by default. */
  order: string | undefined;
  limit: number;
  skip: number;
}

/**
 * Files for the app's server, without those that await their bytes. A `where` that is not understood is refused with 102
 * in the detail. Throws if D1 fails.
 */
export async function findFiles(
  db: D1Database,
  { where, order, limit, skip }: FileListing,
  size: SliceSize,
): Promise<StoredFile[] | QueryRefusal> {
  const condition = parseWhere(where, fileTable);
  if (isQueryRefusal(condition)) return condition;
  const most = limit === 0 ? 0 : skip + limit;
  // Ids begin with the time of creation.
  const asked = { queried: fileTable, condition, also, sort: order || "objectId", most, size };
  const found = await findInSlices(drizzle(db), asked);
  if ("refused" in found) return found;
  return readInParts(found.slice(skip), size, (ids) => filesByIds(db, ids));
}

/** Counts the matching files. Refused as above. */
export async function countFiles(
  db: D1Database,
  where: JsonObject,
  size: SliceSize,
): Promise<number | QueryRefusal> {
  const condition = parseWhere(where, fileTable);
  if (isQueryRefusal(condition)) return condition;
  return countInSlices(drizzle(db), { queried: fileTable, condition, also, size });
}

const also = ne(files.state, "awaiting");
