import { type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import {
  QUERY_CONDITIONS_ON_JSON,
  QUERY_JSON_BYTES,
  QUERY_MICROSECONDS,
  QUERY_ROWS_LOOKED_AT,
} from "../../bounds.ts";
import { conversations } from "../schema/conversations.ts";
import type { Condition } from "./condition.ts";
import { countPatterns, indexedPartToSql, type JsonAccess, jsonAccesses } from "./query-plan.ts";
import { type QueryRefusal, refusal } from "./query-refusal.ts";
import type { JsonField } from "./query-table.ts";

/*
 * The cost limit of a client's query (I13): SQLite runs it in one go while everybody waits. The cost is estimated
 * before the query runs, from the rows that remain after the index, the size of their JSON, and the elements of their
 * lists. Reading sizes costs next to nothing: SQLite has them in the rows' headers.
 */

/** Microseconds, as measured in November 2026 on a machine of two shared cores. */
const PER_ROW = 0.4;
const PER_BYTE = 0.004;
/** Per row, for every doubling of the rows that are sorted for the page. */
const PER_DOUBLING = 0.06;
/** An element of a list takes at least two bytes. */
const ELEMENTS_PER_BYTE = 0.5;
/** A member of an object takes six bytes: `"a":1,`. */
const BYTES_PER_MEMBER = 5;

export const tooManyRows = refusal(
  "102: slow query: too many conversations would have to be looked at; ask for a name, a member or ids as well",
);
export const tooCostly = refusal("102: slow query: too many conditions on too much data");

/** The refusal of a client's query that would take too long, if it would. Throws if D1 fails. */
export async function costRefusal(
  d1: DrizzleD1Database,
  {
    condition,
    within,
    sorted,
    kept,
  }: {
    condition: Condition | undefined;
    within: SQL | undefined;
    sorted: JsonField[];
    /** Rows up to the end of the page: the rows before it are sorted too. */
    kept: number;
  },
): Promise<QueryRefusal | undefined> {
  const looks = [
    ...(condition === undefined ? [] : jsonAccesses(condition)),
    ...sorted.map((field) => ({ field, perElement: 0 })),
  ];
  if (looks.length > QUERY_CONDITIONS_ON_JSON) return tooCostly;
  const scope = within ?? (condition && indexedPartToSql(condition));
  // The rest of the condition runs once more for each general pattern.
  const passes = 1 + (condition === undefined ? 0 : countPatterns(condition));
  const columns = [...new Set(looks.map(({ field }) => field.column))];
  const sizes = await d1.get<Record<string, number | null>>(sizesWithin(scope, columns));
  const rows = sizes?.rows ?? 0;
  if (rows > QUERY_ROWS_LOOKED_AT) return tooManyRows;
  const bytesOf = (column: SQLiteColumn) => sizes?.[column.name] ?? 0;
  const fixed =
    rows * PER_ROW +
    rows * PER_DOUBLING * Math.log2(Math.min(rows, kept) + 1) +
    sum(looks.map(({ field }) => rows * PER_ROW + bytesOf(field.column) * PER_BYTE));
  const most = sum(looks.map((look) => bytesOf(look.field.column) * ELEMENTS_PER_BYTE * look.perElement));
  if ((fixed + most) * passes <= QUERY_MICROSECONDS) return undefined;
  if (fixed * passes > QUERY_MICROSECONDS) return tooCostly;
  if (sum(looks.map(({ field }) => bytesOf(field.column))) > QUERY_JSON_BYTES) return tooCostly;
  const counts = await d1.get<Record<string, number | null>>(elementsWithin(scope, looks));
  const actual = sum(looks.map(({ perElement }, at) => (counts?.[`look${at}`] ?? 0) * perElement));
  return (fixed + actual) * passes <= QUERY_MICROSECONDS ? undefined : tooCostly;
}

const sum = (numbers: number[]): number => numbers.reduce((total, each) => total + each, 0);

/** The number of rows to read, up to one more than allowed, and the total size of each JSON column. */
function sizesWithin(scope: SQL | undefined, columns: SQLiteColumn[]): SQL {
  const lengths = columns.map((column) => sql`, octet_length(${column}) AS ${sql.identifier(column.name)}`);
  const sums = columns.map(({ name }) => sql`, sum(${sql.identifier(name)}) AS ${sql.identifier(name)}`);
  return sql`SELECT count(*) AS rows${sql.join(sums)} FROM (
    SELECT 1 AS one${sql.join(lengths)} FROM ${conversations} ${where(scope)} LIMIT ${QUERY_ROWS_LOOKED_AT + 1})`;
}

/** The number of list elements that the conditions read. json_each also reads an object's members. */
function elementsWithin(scope: SQL | undefined, looks: JsonAccess[]): SQL {
  const lengths = looks.map(({ field: { column, path } }, at) => {
    const members = sql`octet_length(json_extract(${column}, ${path})) / ${BYTES_PER_MEMBER}`;
    const length = sql`CASE json_type(${column}, ${path}) WHEN 'object' THEN ${members} ELSE json_array_length(${column}, ${path}) END`;
    return sql`sum(${length}) AS ${sql.identifier(`look${at}`)}`;
  });
  return sql`SELECT ${sql.join(lengths, sql`, `)} FROM ${conversations} ${where(scope)}`;
}

const where = (scope: SQL | undefined): SQL => (scope === undefined ? sql`` : sql`WHERE ${scope}`);
