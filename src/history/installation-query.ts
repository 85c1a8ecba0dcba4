import { and, asc, eq, gt, gte, type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { JsonObject } from "../protocol/json.ts";
import { clauseOf } from "./clause.ts";
import { conditionOf, isRefusal, type QueryRefusal, tooLarge } from "./condition.ts";
import { installationsQueried } from "./installation-fields.ts";
import type { Installation } from "./installations.ts";
import { orderOf } from "./order.ts";
import { matchesOf } from "./pattern-search.ts";
import { installationIn } from "./rows.ts";
import { installations } from "./schema.ts";
import { hasTooManyParameters } from "./statement.ts";

export interface Selected {
  where: JsonObject;
  /** Goes on after this one. */
  after: string | undefined;
  limit: number;
  /** Milliseconds. */
  updatedSince: number;
}

/**
 * A page of those that a push is for, in the order of their ids: valid, and heard of since a time (N-04). What of
 * `where` is not understood refuses it, with 102 in the detail; D1 failing throws.
 */
export async function selectInstallations(
  db: D1Database,
  { where, after, limit, updatedSince }: Selected,
): Promise<Installation[] | QueryRefusal> {
  const d1 = drizzle(db);
  const clause = await clauseFor(d1, where);
  if (isRefusal(clause)) return clause;
  const condition = and(
    after === undefined ? undefined : gt(installations.id, after),
    eq(installations.valid, true),
    gte(installations.updatedAt, updatedSince),
    clause,
  );
  if (hasTooManyParameters(sql`${condition} ${limit}`)) return tooLarge;
  const rows = await d1
    .select()
    .from(installations)
    .where(condition)
    .orderBy(asc(installations.id))
    .limit(limit);
  return rows.map(installationIn);
}

export interface Listed {
  where: JsonObject;
  /** Such as `-createdAt,deviceType`; by default the oldest come first. */
  order: string | undefined;
  limit: number;
  skip: number;
}

/** Installations for the app's owner to look at. Refused as above. */
export async function findInstallations(
  db: D1Database,
  { where, order, limit, skip }: Listed,
): Promise<Installation[] | QueryRefusal> {
  const d1 = drizzle(db);
  // Ids begin with the time they were made.
  const keys = orderOf(order || "objectId", installationsQueried);
  if (isRefusal(keys)) return keys;
  const clause = await clauseFor(d1, where);
  if (isRefusal(clause)) return clause;
  if (hasTooManyParameters(sql`${clause} ${sql.join(keys)} ${limit} ${skip}`)) return tooLarge;
  const rows = await d1
    .select()
    .from(installations)
    .where(clause)
    .orderBy(...keys)
    .limit(limit)
    .offset(skip);
  return rows.map(installationIn);
}

/** How many there are. Refused as above. */
export async function countInstallations(db: D1Database, where: JsonObject): Promise<number | QueryRefusal> {
  const d1 = drizzle(db);
  const clause = await clauseFor(d1, where);
  return isRefusal(clause) ? clause : d1.$count(installations, clause);
}

async function clauseFor(d1: DrizzleD1Database, where: JsonObject): Promise<SQL | QueryRefusal> {
  const condition = conditionOf(where, installationsQueried);
  if (isRefusal(condition)) return condition;
  const matches = await matchesOf(d1, installations, condition);
  if (isRefusal(matches)) return matches;
  const clause = clauseOf(condition, matches);
  return hasTooManyParameters(clause) ? tooLarge : clause;
}
