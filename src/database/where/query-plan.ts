import { type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { conversations } from "../schema/conversations.ts";
import { installations } from "../schema/push.ts";
import type { Condition } from "./condition.ts";
import { conditionToSql, hasAnyName } from "./condition-to-sql.ts";
import type { JsonField } from "./query-table.ts";

/* What SQLite has to do for a condition: which rows remain after the index, and which JSON it opens in each of them. */

/** Indexed text columns. */
const INDEXED: SQLiteColumn[] = [
  ...[conversations.id, conversations.name, installations.id, installations.deviceToken],
  ...[installations.installationId, installations.registrationId],
];

/** Microseconds per element of a list and condition: one value compared, or several looked up and counted. */
const PER_ELEMENT = { compared: 0.13, counted: 0.25, read: 0.5 };

/** A condition for which SQLite opens JSON in every row. */
export interface JsonAccess {
  field: JsonField;
  perElement: number;
}

/** The part of a condition that an index answers, which determines the rows to read; undefined for all rows. */
export function indexedPartToSql(condition: Condition, after?: string): SQL | undefined {
  if (condition.type === "every") {
    const scopes = condition.of
      .map((each) => indexedPartToSql(each, after))
      .filter((scope) => scope !== undefined);
    return scopes.length === 0 ? undefined : sql.join(scopes, sql` AND `);
  }
  if (condition.type === "some") {
    const scopes = condition.of.map((each) => indexedPartToSql(each, after));
    if (scopes.length === 0 || scopes.includes(undefined)) return undefined;
    return sql`(${sql.join(
      scopes.map((scope) => sql`(${scope})`),
      sql` OR `,
    )})`;
  }
  if (!isIndexed(condition)) return undefined;
  if (condition.type === "among" && condition.field.type === "json" && condition.field.membership) {
    return hasAnyName(condition.field.membership, condition.values.texts, after);
  }
  return conditionToSql(condition);
}

/** What is left to ask of rows that an index answered. */
export function unindexedPartOf(condition: Condition): Condition {
  const all = condition.type === "every" ? condition.of : [condition];
  const rest = all.filter((each) => each.type === "every" || each.type === "some" || !isIndexed(each));
  return { type: "every", of: rest };
}

function isIndexed(condition: Condition): boolean {
  if (condition.type === "holds") {
    const isText = condition.values.every((value) => typeof value === "string");
    return condition.field.membership !== undefined && isText;
  }
  if (condition.type !== "among") return false;
  const { field, values } = condition;
  if (field.type === "text") {
    return !values.absent && INDEXED.includes(field.column);
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

/** The parts of a condition that open JSON. Members are found by their index. */
export function jsonAccesses(condition: Condition): JsonAccess[] {
  switch (condition.type) {
    case "every":
    case "some":
      return condition.of.flatMap(jsonAccesses);
    case "not":
      return jsonAccesses(condition.of);
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

export function countPatterns(condition: Condition): number {
  switch (condition.type) {
    case "every":
    case "some":
      return condition.of.reduce((sum, each) => sum + countPatterns(each), 0);
    case "not":
      return countPatterns(condition.of);
    default:
      return condition.type === "matched" && condition.pattern.type === "general" ? 1 : 0;
  }
}
