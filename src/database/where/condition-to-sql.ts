import { Buffer } from "node:buffer";
import { type SQL, sql } from "drizzle-orm";
import type { Json, WrittenNumber } from "../../model/json.ts";
import { isWritten } from "../../protocol/written-number.ts";
import type { Comparable, Comparison, Condition, Operands } from "./condition.ts";
import type { Field, JsonField, NameIndex } from "./query-table.ts";
import type { Pattern } from "./regex-pattern.ts";

export type PatternCondition = Extract<Condition, { type: "matched" }>;
type NearCondition = Extract<Condition, { type: "near" }>;
/** For each pattern that SQL cannot run, the values that match it. */
export type PatternMatches = Map<PatternCondition, string[]>;

/*
 * Everything that comes from a client is bound, JSON paths included. Lists are bound as one JSON text, since D1 allows
 * 100 parameters in a statement. A clause may be NULL; `not` treats NULL as false.
 */
const TRUE = sql`1`;
const FALSE = sql`0`;
/** SQLite's JSON types that are one type in JavaScript. */
const NUMBERS = sql`('integer', 'real')`;

/** The beginning of the dates that SDKs write. It is not bound, because each use would count as a parameter. */
const ISO_DATE = sql`'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'`;

const comparisons: Record<Comparison, SQL> = { $lt: sql`<`, $lte: sql`<=`, $gt: sql`>`, $gte: sql`>=` };

/** A test of one JSON value, given its SQLite JSON type and the value itself. */
type ValueTest = (type: SQL, value: SQL) => SQL;

/** The SQL for a condition. Without `matches`, general patterns count as true, so the result is a superset. */
export function conditionToSql(condition: Condition, matches?: PatternMatches): SQL {
  switch (condition.type) {
    case "every":
      return joined(
        condition.of.map((each) => conditionToSql(each, matches)),
        sql` AND `,
        TRUE,
      );
    case "some":
      return anyOf(condition.of.map((each) => conditionToSql(each, matches)));
    case "not":
      return sql`(${conditionToSql(condition.of, matches)}) IS NOT TRUE`;
    case "among":
      return among(condition.field, condition.values);
    case "holds":
      return holds(condition.field, condition.values);
    case "compared":
      return compared(condition.field, condition.operator, condition.value);
    case "present":
      return present(condition.field);
    case "sized":
      return sized(condition.field, condition.size);
    case "matched":
      return matched(condition, matches);
    case "near":
      return near(condition);
  }
}

/** Rows whose list has any of these names, such as the conversations of a client. */
export function hasAnyName({ table, name, owner, id }: NameIndex, names: string[], after?: string): SQL {
  const later = after === undefined ? sql`` : sql` AND ${owner} > ${after}`;
  return sql`${id} IN (SELECT ${owner} FROM ${table} WHERE ${isIn(sql`${name}`, names)}${later})`;
}

function among(field: Field, operands: Operands): SQL {
  switch (field.type) {
    case "text":
      return anyOf([
        ...asText(sql`${field.column}`, operands),
        ...ifAbsent(operands, sql`${field.column} IS NULL`),
      ]);
    case "date": {
      const dated = operands.dates.length > 0 ? [isIn(sql`${field.column}`, operands.dates)] : [];
      return anyOf([...dated, ...ifAbsent(operands, sql`${field.column} IS NULL`)]);
    }
    case "number":
      return operands.numbers.length > 0 ? isIn(field.value, operands.numbers) : FALSE;
    case "boolean":
      return anyOf([
        ...(operands.booleans.includes(true) ? [field.value] : []),
        ...(operands.booleans.includes(false) ? [sql`NOT ${field.value}`] : []),
      ]);
    case "flag": {
      const unset = operands.absent || operands.booleans.includes(false);
      return anyOf([
        ...(operands.booleans.includes(true) ? [field.set] : []),
        ...(unset ? [sql`(${field.set}) IS NOT TRUE`] : []),
      ]);
    }
    case "json":
      return amongJson(field, operands);
  }
}

function amongJson(field: JsonField, operands: Operands): SQL {
  const { texts, numbers, booleans, dates, documents } = operands;
  const clauses = ifAbsent(operands, sql`json_type(${field.column}, ${field.path}) IS NULL`);
  if (field.membership && texts.length > 0) clauses.push(hasAnyName(field.membership, texts));
  const simple = (type: SQL, value: SQL): SQL[] => [
    ...(field.membership
      ? []
      : asText(value, operands).map((clause) => sql`(${type} = 'text' AND ${clause})`)),
    ...(numbers.length > 0 ? [sql`(${type} IN ${NUMBERS} AND ${isIn(value, numbers)})`] : []),
    ...(booleans.includes(true) ? [sql`${type} = 'true'`] : []),
    ...(booleans.includes(false) ? [sql`${type} = 'false'`] : []),
    ...(operands.absent ? [sql`${type} = 'null'`] : []),
  ];
  if (simple(FALSE, FALSE).length > 0) {
    clauses.push(anyElement(field, (type, value) => anyOf(simple(type, value))));
  }
  if (dates.length > 0) {
    clauses.push(itselfOrElement(field, (type, value) => isDate(type, value, (time) => isIn(time, dates))));
  }
  if (documents.length > 0) {
    const list = sql`(SELECT json(value) FROM json_each(${JSON.stringify(documents)}))`;
    const test: ValueTest = (type, value) => sql`(${type} IN ('array', 'object') AND ${value} IN ${list})`;
    clauses.push(itselfOrElement(field, test));
  }
  return anyOf(clauses);
}

function holds(field: JsonField, expected: Json[]): SQL {
  const texts = expected.filter((each) => typeof each === "string");
  if (field.membership && texts.length === expected.length) {
    const { table, name, owner, id } = field.membership;
    const count = new Set(texts).size;
    return sql`${id} IN (SELECT ${owner} FROM ${table} WHERE ${isIn(sql`${name}`, texts)} GROUP BY ${owner} HAVING count(*) = ${count})`;
  }
  // Each element is looked up once among the expected values, which SQLite keeps sorted, however many they are.
  const kindOf = (type: SQL): SQL => sql`CASE ${type} WHEN 'real' THEN 'integer' ELSE ${type} END`;
  const list = sql`SELECT DISTINCT ${kindOf(sql`type`)} AS kind, value FROM json_each(${JSON.stringify(expected)})`;
  const held = sql`(${kindOf(sql`e.type`)}, e.value) IN (SELECT kind, value FROM (${list}))`;
  const distinct = elements(field, held, sql`DISTINCT ${kindOf(sql`e.type`)}, e.value`);
  return sql`(SELECT count(*) FROM (${distinct})) = (SELECT count(*) FROM (${list}))`;
}

function compared(field: Field, operator: Comparison, operand: Comparable): SQL {
  const right = bound(typeof operand.value === "boolean" ? Number(operand.value) : operand.value);
  const compare = (value: SQL): SQL => sql`${value} ${comparisons[operator]} ${right}`;
  if (field.type === "json") {
    if (operand.type === "date") {
      return itselfOrElement(field, (type, value) => isDate(type, value, compare));
    }
    const types = { text: sql`('text')`, number: NUMBERS, boolean: sql`('true', 'false')` }[operand.type];
    return anyElement(field, (type, value) => sql`${type} IN ${types} AND ${compare(value)}`);
  }
  if (field.type === "flag" || field.type !== operand.type) return FALSE;
  return compare("value" in field ? field.value : sql`${field.column}`);
}

function present(field: Field): SQL {
  if (field.type === "json") return sql`json_type(${field.column}, ${field.path}) IS NOT NULL`;
  if (field.type === "flag") return field.set;
  return "value" in field ? TRUE : sql`${field.column} IS NOT NULL`;
}

function sized(field: Field, size: number): SQL {
  if (field.type !== "json") return FALSE;
  // json_array_length is 0 for anything that is not an array, so only size 0 needs a test of the type.
  const length = sql`json_array_length(${field.column}, ${field.path}) = ${size}`;
  return size > 0 ? length : sql`(${length} AND json_type(${field.column}, ${field.path}) = 'array')`;
}

function matched(condition: PatternCondition, matches: PatternMatches | undefined): SQL {
  const { field, pattern } = condition;
  if (field.type !== "text" && field.type !== "json") return FALSE;
  if (pattern.type === "general") {
    if (!matches) return TRUE;
    const values = matches.get(condition) ?? [];
    if (values.length === 0) return FALSE;
    if (field.type === "text") return isIn(sql`${field.column}`, values);
    if (field.membership) return hasAnyName(field.membership, values);
    return anyElement(field, (type, value) => sql`${type} = 'text' AND ${isIn(value, values)}`);
  }
  if (field.type === "text") return literal(sql`${field.column}`, pattern);
  return anyElement(field, (type, value) => sql`${type} = 'text' AND ${literal(value, pattern)}`);
}

function literal(value: SQL, { text, place }: Extract<Pattern, { type: "literal" }>): SQL {
  if (place === "whole") return sql`${value} = ${text}`;
  if (text === "") return sql`${value} IS NOT NULL`;
  if (place === "anywhere") return sql`instr(${value}, ${text}) > 0`;
  if (place === "start") return sql`instr(${value}, ${text}) = 1`;
  // Compared by bytes: SQLite counts the characters of a text only up to its first NUL.
  const bytes = Buffer.byteLength(text);
  return sql`substr(CAST(${value} AS BLOB), ${-bytes}) = CAST(${text} AS BLOB)`;
}

/**
 * The haversine formula, with the squared sine of half the angle on both sides: it needs no inverse function, and keeps
 * its precision for points that are near each other.
 */
function near({ field, latitude, longitude, within }: NearCondition): SQL {
  return itselfOrElement(field, (type, value) => {
    const [there, across] = [
      sql`json_extract(${value}, '$.latitude')`,
      sql`json_extract(${value}, '$.longitude')`,
    ];
    const isPlace = sql`json_extract(${value}, '$.__type') = 'GeoPoint'
      AND json_type(${value}, '$.latitude') IN ${NUMBERS} AND json_type(${value}, '$.longitude') IN ${NUMBERS}`;
    const here = Math.cos((latitude * Math.PI) / 180);
    const far = sql`pow(sin(radians(${there} - ${latitude}) / 2), 2)
      + ${here} * cos(radians(${there})) * pow(sin(radians(${across} - ${longitude}) / 2), 2)`;
    const most = within === undefined ? [] : [sql`${far} <= ${Math.sin(Math.min(within, Math.PI) / 2) ** 2}`];
    return sql`CASE WHEN ${type} = 'object' THEN ${sql.join([isPlace, ...most], sql` AND `)} END`;
  });
}

/**
 * The value of a JSON field or, if it is an array, its elements. json_each returns either, but also the members of an
 * object, which have text keys and are left out: `{a: {b: 1}}` is not found by `a = 1`.
 */
export function elements({ column, path }: JsonField, test: SQL, shown = sql`1`): SQL {
  return sql`SELECT ${shown} FROM json_each(${column}, ${path}) AS e WHERE typeof(e.key) <> 'text' AND ${test}`;
}

function anyElement(field: JsonField, test: ValueTest): SQL {
  return sql`EXISTS (${elements(field, sql`(${test(sql`e.type`, sql`e.value`)})`)})`;
}

/** For tests on arrays and objects, which json_each takes apart. */
function itselfOrElement(field: JsonField, test: ValueTest): SQL {
  const { column, path } = field;
  const itself = test(sql`json_type(${column}, ${path})`, sql`json_extract(${column}, ${path})`);
  return anyOf([itself, anyElement(field, test)]);
}

/**
 * CASE and not AND, which SQLite may evaluate in any order: json_extract fails on text that is not JSON. SQLite also
 * accepts 5 as a day and `now` as a time, so the form is checked first.
 */
function isDate(type: SQL, value: SQL, test: (time: SQL) => SQL): SQL {
  const iso = sql`json_extract(${value}, '$.iso')`;
  const time = sql`CAST(round(unixepoch(${iso}, 'subsec') * 1000) AS INTEGER)`;
  const dated = sql`json_extract(${value}, '$.__type') = 'Date' AND ${iso} GLOB ${ISO_DATE}`;
  return sql`CASE WHEN ${type} = 'object' THEN ${dated} AND ${test(time)} END`;
}

const asText = (value: SQL, { texts }: Operands): SQL[] => (texts.length > 0 ? [isIn(value, texts)] : []);

const ifAbsent = ({ absent }: Operands, clause: SQL): SQL[] => (absent ? [clause] : []);

/** A number that JavaScript cannot represent would change if it were bound, so SQLite reads it from JSON. */
const bound = (value: string | number | WrittenNumber): SQL =>
  isWritten(value) ? sql`(SELECT value FROM json_each(${JSON.stringify([value])}))` : sql`${value}`;

function isIn(value: SQL, list: (string | number | WrittenNumber)[]): SQL {
  const [only] = list;
  if (list.length === 1 && only !== undefined) return sql`${value} = ${bound(only)}`;
  return sql`${value} IN (SELECT value FROM json_each(${JSON.stringify(list)}))`;
}

const anyOf = (clauses: SQL[]): SQL => joined(clauses, sql` OR `, FALSE);

function joined(clauses: SQL[], separator: SQL, none: SQL): SQL {
  if (clauses.length === 0) return none;
  return clauses.length === 1 ? sql.join(clauses) : sql`(${sql.join(clauses, separator)})`;
}
