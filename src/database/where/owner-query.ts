import { type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { hasTooManyParameters } from "../statement.ts";
import type { Condition } from "./condition.ts";
import { conditionToSql, type PatternMatches } from "./condition-to-sql.ts";
import { OwnerQueryRegexSearch } from "./owner-query-regex-search.ts";
import { bytesOf, type SliceSize, slicesOf } from "./owner-query-slices.ts";
import { type MatchingRow, type SortValue, TopRows } from "./owner-query-top-rows.ts";
import { indexedPartToSql, jsonAccesses, unindexedPartOf } from "./query-plan.ts";
import { isQueryRefusal, type QueryRefusal, tooLarge } from "./query-refusal.ts";
import type { Field, QueryTable } from "./query-table.ts";
import { refusedPatterns } from "./regex-search.ts";
import { type SortKey, sortKeysOf } from "./sort-order.ts";

/*
 * Queries of the app's server. Unlike clients' queries they are not refused for their cost, so they run on a slice of
 * the table at a time, and other work runs in between (I13): on a single machine D1 runs on the one thread. Rows that
 * are added or changed meanwhile may or may not be found.
 */

/** A query of a table. */
export interface OwnerQuery {
  queried: QueryTable;
  condition: Condition;
  /** A further condition that an index answers. */
  within?: SQL | undefined;
  /** A further condition that is tested on each row. */
  also?: SQL | undefined;
  size: SliceSize;
}

export interface OwnerPage extends OwnerQuery {
  /** As a query writes it, or its keys. */
  sort: string | SortKey[];
  /** Rows up to the end of the page. */
  most: number;
  /** The page starts after this id. */
  after?: string | undefined;
}

/**
 * A sort key of more bytes is cut to so many characters; rows that differ only beyond them are in the order of their
 * ids.
 */
const SORTED_BYTES = 4_096;
const SORTED_CHARACTERS = 1_024;

/** Counts the matching rows. Refused if the condition cannot be run. Throws if D1 fails. */
export async function countInSlices(
  d1: DrizzleD1Database,
  query: OwnerQuery,
): Promise<number | QueryRefusal> {
  if (isOfAll(query)) return d1.$count(query.queried.table);
  let count = 0;
  const refused = await eachSlice(d1, query, { keys: [] }, async (from, clause) => {
    const [row] = await d1.all<{ count: number }>(sql`SELECT count(*) AS count FROM ${from} WHERE ${clause}`);
    count += row?.count ?? 0;
    return true;
  });
  return refused ?? count;
}

/** The matching rows up to the end of a page, in their order. Refused as above. */
export async function findInSlices(
  d1: DrizzleD1Database,
  { sort, most, after, ...query }: OwnerPage,
): Promise<readonly MatchingRow[] | QueryRefusal> {
  const { queried } = query;
  const keys = typeof sort === "string" ? sortKeysOf(sort, queried) : sort;
  if (isQueryRefusal(keys)) return keys;
  const first = new TopRows(
    most,
    keys.map(({ descending }) => descending),
  );
  const [main] = keys;
  const isById = main?.field.type === "text" && main.field.column === queried.id && !main.descending;
  const refused = await eachSlice(d1, query, { keys, after, isNone: most === 0 }, async (from, clause) => {
    first.add((await d1.all<SortedRow>(sortedRows(queried, keys, from, clause))).map(foundIn(keys.length)));
    return !(isById && first.isFull);
  });
  return refused ?? first.rows;
}

/** Whether every row matches. */
function isOfAll({ queried, condition, within, also }: OwnerQuery): boolean {
  if (within !== undefined || also !== undefined) return false;
  if (condition.type === "every") return condition.of.length === 0;
  return (
    condition.type === "present" && condition.field.type === "text" && condition.field.column === queried.id
  );
}

type SortedRow = Record<string, string | number | null>;

/** Runs a statement for each slice until the callback returns false. */
async function eachSlice(
  d1: DrizzleD1Database,
  { queried, condition, within, also, size }: OwnerQuery,
  { keys, after, isNone = false }: { keys: SortKey[]; after?: string | undefined; isNone?: boolean },
  look: (from: SQL, clause: SQL) => Promise<boolean>,
): Promise<QueryRefusal | undefined> {
  const refused = refusedPatterns(condition);
  if (refused !== undefined) return refused;
  const rest = unindexedPartOf(condition);
  const trials = new OwnerQueryRegexSearch(rest, size.pattern);
  const clauseFor = (matches: PatternMatches): SQL => {
    const parts = [also, conditionToSql(rest, matches)].filter((part) => part !== undefined);
    return sql.join(
      parts.map((part) => sql`(${part})`),
      sql` AND `,
    );
  };
  const scope = (last: string | undefined): SQL | undefined => {
    const parts = [within, indexedPartToSql(condition, last)].filter((part) => part !== undefined);
    return parts.length === 0 ? undefined : sql.join(parts, sql` AND `);
  };
  const sorted = keys.map(({ value }) => value);
  const statement = sql`${sql.join([...sorted, clauseFor(trials.any())])} ${1} ${1}`;
  if (hasTooManyParameters(statement) || hasTooManyParameters(sql`${scope("")} ${1} ${1}`)) return tooLarge;
  if (isNone) return undefined;
  const opened = [
    ...jsonAccesses(condition).map(({ field }) => field.column),
    ...keys.flatMap(({ field }) => (field.type === "json" ? [field.column] : [])),
    ...trials.columns(),
  ];
  for await (const { ids } of slicesOf(d1, queried, { scope, after, opened, size })) {
    const from = sql`json_each(${ids}) AS slice CROSS JOIN ${queried.table} ON ${queried.id} = slice.value`;
    const matches = await trials.matchesIn(d1, from);
    if (isQueryRefusal(matches)) return matches;
    if (!(await look(from, clauseFor(matches)))) return undefined;
  }
  return undefined;
}

function sortedRows({ id, longColumns: kept }: QueryTable, keys: SortKey[], from: SQL, clause: SQL): SQL {
  const columns = keys.flatMap(({ field }, at) => shownKey(field, at));
  const values = keys.map(({ value }, at) => sql`, ${value} AS ${nameOf(at)}`);
  return sql`SELECT id, bytes${sql.join(columns)} FROM (
    SELECT ${id} AS id, ${bytesOf(kept)} AS bytes${sql.join(values)} FROM ${from} WHERE ${clause})`;
}

const nameOf = (at: number, kind = "key"): SQL => sql`${sql.identifier(`${kind}${at}`)}`;

/** A JSON value may be long, or a number that JavaScript's numbers would change. */
function shownKey({ type }: Field, at: number): SQL[] {
  const key = nameOf(at);
  if (type !== "text" && type !== "json") return [sql`, ${key}`];
  const cut = sql.raw(`> ${SORTED_BYTES} THEN substr(`);
  const value = sql`, CASE WHEN octet_length(${key}) ${cut}${key}, 1, ${sql.raw(String(SORTED_CHARACTERS))}) ELSE ${key} END AS ${key}`;
  if (type === "text") return [value];
  const most = sql.raw(String(Number.MAX_SAFE_INTEGER));
  const isLarge = sql`typeof(${key}) = 'integer' AND ${key} NOT BETWEEN -${most} AND ${most}`;
  return [value, sql`, CASE WHEN ${isLarge} THEN CAST(${key} AS TEXT) END AS ${nameOf(at, "large")}`];
}

function foundIn(keys: number): (row: SortedRow) => MatchingRow {
  return (row) => {
    const values = Array.from({ length: keys }, (_, at): SortValue => {
      const large = row[`large${at}`];
      return typeof large === "string" ? BigInt(large) : (row[`key${at}`] ?? null);
    });
    return { id: String(row.id), bytes: Number(row.bytes), values };
  };
}
