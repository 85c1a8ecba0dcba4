import { type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import {
  QUERY_CONDITIONS_ON_JSON,
  QUERY_JSON_BYTES,
  QUERY_MICROSECONDS,
  QUERY_ROWS_LOOKED_AT,
} from "../bounds.ts";
import { clauseOf } from "./clause.ts";
import { type Condition, type QueryRefusal, refusal } from "./condition.ts";
import type { JsonField } from "./field.ts";
import { conversations } from "./schema.ts";

/*
 * What a query of conversations may cost (I13): SQLite does it in one go, while everybody waits. It is estimated
 * before it is run, from the rows that an index leaves, the size of their JSON, and the elements of the lists in it.
 * Reading sizes costs next to nothing: SQLite has them in the rows' headers.
 */

/** Microseconds, as measured in November 2026 on a machine of two shared cores. */
const PER_ROW = 0.4;
const PER_BYTE = 0.004;
/** Of each row, for every doubling of the rows that are kept in order until the page is found. */
const PER_DOUBLING = 0.06;
/** Of a list, for each condition: one value compared, or several looked up and counted. */
const PER_ELEMENT = { compared: 0.13, counted: 0.25, read: 0.5 };
/** A list's element takes two bytes at least. */
const ELEMENTS_PER_BYTE = 0.5;
/** An object's member takes six: `"a":1,`. */
const BYTES_PER_MEMBER = 5;

export const tooManyRows = refusal(
  "102: slow query: too many conversations would have to be looked at; ask for a name, a member or ids as well",
);
export const tooCostly = refusal("102: slow query: too many conditions on too much data");

/** A condition that SQLite has to open JSON for, in every row. */
interface Look {
  field: JsonField;
  perElement: number;
}

/** Why a client's query would take too long, if it would. D1 failing throws. */
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
    /** Rows up to the end of the page: those before it are sorted too. */
    kept: number;
  },
): Promise<QueryRefusal | undefined> {
  const looks = [
    ...(condition === undefined ? [] : looksOf(condition)),
    ...sorted.map((field) => ({ field, perElement: 0 })),
  ];
  if (looks.length > QUERY_CONDITIONS_ON_JSON) return tooCostly;
  const scope = within ?? (condition && scopeOf(condition));
  // Each general pattern has the rest of the condition tried once more, and so has its own.
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

/** How many rows there are to look at, up to one too many, and how long what is looked into is. */
function sizesWithin(scope: SQL | undefined, columns: SQLiteColumn[]): SQL {
  const lengths = columns.map((column) => sql`, octet_length(${column}) AS ${sql.identifier(column.name)}`);
  const sums = columns.map(({ name }) => sql`, sum(${sql.identifier(name)}) AS ${sql.identifier(name)}`);
  return sql`SELECT count(*) AS rows${sql.join(sums)} FROM (
    SELECT 1 AS one${sql.join(lengths)} FROM ${conversations} ${where(scope)} LIMIT ${QUERY_ROWS_LOOKED_AT + 1})`;
}

/** How many elements the lists have that conditions look into; json_each goes through an object's members, too. */
function elementsWithin(scope: SQL | undefined, looks: Look[]): SQL {
  const lengths = looks.map(({ field: { column, path } }, at) => {
    const members = sql`octet_length(json_extract(${column}, ${path})) / ${BYTES_PER_MEMBER}`;
    const length = sql`CASE json_type(${column}, ${path}) WHEN 'object' THEN ${members} ELSE json_array_length(${column}, ${path}) END`;
    return sql`sum(${length}) AS ${sql.identifier(`look${at}`)}`;
  });
  return sql`SELECT ${sql.join(lengths, sql`, `)} FROM ${conversations} ${where(scope)}`;
}

const where = (scope: SQL | undefined): SQL => (scope === undefined ? sql`` : sql`WHERE ${scope}`);

/** The part of a condition that an index answers, which leaves the rows to look at; undefined for all of them. */
function scopeOf(condition: Condition): SQL | undefined {
  if (condition.type === "every") {
    const scopes = condition.of.map(scopeOf).filter((scope) => scope !== undefined);
    return scopes.length === 0 ? undefined : sql.join(scopes, sql` AND `);
  }
  if (condition.type === "some") {
    const scopes = condition.of.map(scopeOf);
    if (scopes.length === 0 || scopes.includes(undefined)) return undefined;
    return sql`(${sql.join(
      scopes.map((scope) => sql`(${scope})`),
      sql` OR `,
    )})`;
  }
  return isIndexed(condition) ? clauseOf(condition) : undefined;
}

function isIndexed(condition: Condition): boolean {
  if (condition.type === "holds") {
    const isText = condition.values.every((value) => typeof value === "string");
    return condition.field.membership !== undefined && isText;
  }
  if (condition.type !== "among") return false;
  const { field, values } = condition;
  if (field.type === "text") {
    return !values.absent && (field.column === conversations.id || field.column === conversations.name);
  }
  if (field.type === "flag") return !values.absent && !values.booleans.includes(false) && isOfKind(condition);
  return field.type === "json" && field.membership !== undefined && isTextOnly(condition);
}

const isOfKind = ({ field }: Extract<Condition, { type: "among" }>): boolean =>
  field.type === "flag" && field.indexed;

function isTextOnly({ values }: Extract<Condition, { type: "among" }>): boolean {
  const { numbers, booleans, dates, documents, absent } = values;
  return !absent && [numbers, booleans, dates, documents].every((list) => list.length === 0);
}

/** What of a condition opens JSON; members are found by their index. */
function looksOf(condition: Condition): Look[] {
  switch (condition.type) {
    case "every":
    case "some":
      return condition.of.flatMap(looksOf);
    case "not":
      return looksOf(condition.of);
    default: {
      const { field } = condition;
      if (field.type !== "json" || isIndexed(condition)) return [];
      return [{ field, perElement: perElementOf(condition) }];
    }
  }
}

function perElementOf(condition: Exclude<Condition, { type: "every" | "some" | "not" }>): number {
  switch (condition.type) {
    case "present":
    case "sized":
      return 0;
    case "holds":
      return PER_ELEMENT.counted;
    case "among": {
      const { documents, dates } = condition.values;
      return documents.length + dates.length > 0 ? PER_ELEMENT.read : PER_ELEMENT.compared;
    }
    case "compared":
      return condition.value.type === "date" ? PER_ELEMENT.read : PER_ELEMENT.compared;
    case "matched":
      return PER_ELEMENT.compared;
    case "near":
      return PER_ELEMENT.read;
  }
}

function countPatterns(condition: Condition): number {
  switch (condition.type) {
    case "every":
    case "some":
      return sum(condition.of.map(countPatterns));
    case "not":
      return countPatterns(condition.of);
    default:
      return condition.type === "matched" && condition.pattern.type === "general" ? 1 : 0;
  }
}
