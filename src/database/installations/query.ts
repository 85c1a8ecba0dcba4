import { eq, gte, inArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { OWNERS_SLICE } from "../../bounds.ts";
import type { Installation } from "../../model/installation.ts";
import type { JsonObject } from "../../model/json.ts";
import { installationIn } from "../rows-to-records.ts";
import { installations } from "../schema/push.ts";
import { countInSlices, findInSlices, type OwnerPage } from "../where/owner-query.ts";
import { readInParts, type SliceSize } from "../where/owner-query-slices.ts";
import { parseWhere } from "../where/parse-where.ts";
import { isQueryRefusal, type QueryRefusal } from "../where/query-refusal.ts";
import { textList } from "./device-clients.ts";
import { installationTable } from "./fields.ts";

export interface InstallationSelection {
  where: JsonObject;
  /** The page starts after this id. */
  after: string | undefined;
  limit: number;
  /** Milliseconds. */
  updatedSince: number;
}

/**
 * A page of the installations that a push is for, in the order of their ids: valid, and active since a time (N-04). A
 * `where` that is not understood is refused with 102 in the detail. Throws if D1 fails.
 */
export async function selectInstallations(
  db: D1Database,
  { where, after, limit, updatedSince }: InstallationSelection,
  size: SliceSize = OWNERS_SLICE,
): Promise<Installation[] | QueryRefusal> {
  const also = sql`${eq(installations.valid, true)} AND ${gte(installations.updatedAt, updatedSince)}`;
  return pageOf(db, { where, also, sort: "objectId", after, skip: 0, limit, size });
}

export interface InstallationListing {
  where: JsonObject;
  /** Such as `-createdAt,deviceType`; the oldest come first by default. */
  order: string | undefined;
  limit: number;
  skip: number;
}

/** Installations for the app's server. Refused as above. */
export async function findInstallations(
  db: D1Database,
  { where, order, limit, skip }: InstallationListing,
  size: SliceSize = OWNERS_SLICE,
): Promise<Installation[] | QueryRefusal> {
  // Ids begin with the time of creation.
  return pageOf(db, { where, sort: order || "objectId", limit, skip, size });
}

/** Counts the matching installations. Refused as above. */
export async function countInstallations(
  db: D1Database,
  where: JsonObject,
  size: SliceSize = OWNERS_SLICE,
): Promise<number | QueryRefusal> {
  const condition = parseWhere(where, installationTable);
  if (isQueryRefusal(condition)) return condition;
  return countInSlices(drizzle(db), { queried: installationTable, condition, size });
}

interface Page extends Pick<OwnerPage, "also" | "sort" | "after" | "size"> {
  where: JsonObject;
  limit: number;
  skip: number;
}

async function pageOf(
  db: D1Database,
  { where, limit, skip, ...asked }: Page,
): Promise<Installation[] | QueryRefusal> {
  const d1 = drizzle(db);
  const condition = parseWhere(where, installationTable);
  if (isQueryRefusal(condition)) return condition;
  const most = limit === 0 ? 0 : skip + limit;
  const found = await findInSlices(d1, { queried: installationTable, condition, most, ...asked });
  if ("refused" in found) return found;
  const rows = await readInParts(found.slice(skip), asked.size, (ids) =>
    d1
      .select()
      .from(installations)
      .where(inArray(installations.id, textList(ids))),
  );
  return rows.map(installationIn);
}
