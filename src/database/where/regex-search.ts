import { type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { hasTooManyParameters } from "../statement.ts";
import type { Condition } from "./condition.ts";
import { conditionToSql, type PatternCondition, type PatternMatches } from "./condition-to-sql.ts";
import { isQueryRefusal, type QueryRefusal, refusal, tooLarge } from "./query-refusal.ts";
import type { Field } from "./query-table.ts";

const PATTERNS_MAX = 4;
/** Distinct values that a pattern is tested on, and their characters together. */
export const CANDIDATES_MAX = 5_000;
export const CHARACTERS_MAX = 1_000_000;
/** Characters × instructions. RE2 takes up to 20 ns for each: 0.4 s at worst, and usually far less. */
export const WORK_MAX = 20_000_000;

export const slow = refusal("102: slow query: $regex would have to be tried on too many values");

/**
 * D1 has no REGEXP. For each pattern that SQL cannot run, the values that match the rest of the condition are fetched
 * and tested here. The final query then names the values that matched.
 *
 * @param within a further condition that narrows the query
 * @param work characters x instructions that a pattern may take
 */
export async function matchesOf(
  d1: DrizzleD1Database,
  table: SQLiteTable,
  condition: Condition,
  { within, work = WORK_MAX }: { within?: SQL | undefined; work?: number | undefined } = {},
): Promise<PatternMatches | QueryRefusal> {
  const matches: PatternMatches = new Map();
  const patterns = generalPatterns(condition);
  const refused = refusedPatterns(condition);
  if (refused !== undefined) return refused;
  for (const each of patterns) {
    const values = await candidates(d1, table, each, both(conditionToSql(condition), within));
    if (isQueryRefusal(values)) return values;
    const { pattern } = each;
    if (pattern.type !== "general") continue;
    if (charactersIn(values) * pattern.cost > work) return slow;
    matches.set(
      each,
      values.filter((value) => pattern.matches(value)),
    );
  }
  return matches;
}

/** Why a condition's patterns are refused without a test, if they are. */
export const refusedPatterns = (condition: Condition): QueryRefusal | undefined =>
  generalPatterns(condition).length > PATTERNS_MAX
    ? refusal(`102: where has more than ${PATTERNS_MAX} general $regex`)
    : undefined;

/** Whether a condition has patterns that SQL cannot run. */
export const hasGeneralPattern = (condition: Condition): boolean => generalPatterns(condition).length > 0;

const both = (clause: SQL, other: SQL | undefined): SQL =>
  other === undefined ? clause : sql`(${clause}) AND ${other}`;

export function generalPatterns(condition: Condition): PatternCondition[] {
  switch (condition.type) {
    case "matched":
      return condition.pattern.type === "general" ? [condition] : [];
    case "every":
    case "some":
      return condition.of.flatMap(generalPatterns);
    case "not":
      return generalPatterns(condition.of);
    default:
      return [];
  }
}

async function candidates(
  d1: DrizzleD1Database,
  table: SQLiteTable,
  { field }: PatternCondition,
  superset: SQL,
): Promise<string[] | QueryRefusal> {
  if (field.type !== "text" && field.type !== "json") return [];
  const distinct = distinctValues(field, sql`${table}`, superset);
  // The running sum keeps D1 from sending more text than is read.
  const bounded = sql`SELECT value FROM (
      SELECT value, sum(length(value)) OVER (ROWS UNBOUNDED PRECEDING) - length(value) AS before
      FROM (${distinct} LIMIT ${CANDIDATES_MAX + 1})
    ) WHERE before <= ${CHARACTERS_MAX}`;
  if (hasTooManyParameters(bounded)) return tooLarge;
  const values = (await d1.all<{ value: string }>(bounded)).map(({ value }) => value);
  return values.length > CANDIDATES_MAX || charactersIn(values) > CHARACTERS_MAX ? slow : values;
}

/**
 * SQL for the distinct texts of a field in the rows that match a condition. The rows are found first: SQLite would test
 * the condition on each element of their lists.
 *
 * @param from the rows: the SQL after FROM
 */
export function distinctValues(
  field: Extract<Field, { type: "text" | "json" }>,
  from: SQL,
  condition: SQL,
): SQL {
  if (field.type === "text") {
    return sql`SELECT DISTINCT ${field.column} AS value FROM ${from} WHERE ${field.column} IS NOT NULL AND ${condition}`;
  }
  return sql`WITH matching AS MATERIALIZED (SELECT ${field.column} AS document FROM ${from} WHERE ${condition})
    SELECT DISTINCT e.value AS value FROM matching CROSS JOIN json_each(matching.document, ${field.path}) AS e
    WHERE typeof(e.key) <> 'text' AND e.type = 'text'`;
}

const charactersIn = (values: string[]): number => values.reduce((sum, value) => sum + value.length, 0);
