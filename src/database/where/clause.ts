import { type SQL, sql } from "drizzle-orm";
import type { Json, WrittenNumber } from "../../model/json.ts";
import { isWritten } from "../../protocol/written-number.ts";
import type { Comparable, Comparison, Condition, Operands } from "./condition.ts";
import type { Field, JsonField, Membership } from "./field.ts";
import type { Pattern } from "./pattern.ts";

export type PatternCondition = Extract<Condition, { type: "matched" }>;
type NearCondition = Extract<Condition, { type: "near" }>;
/** For each pattern SQL cannot run, the values known to match it. */
export type Matches = Map<PatternCondition, string[]>;

/*
 * Everything of a client's is bound, JSON paths included; lists are bound as one JSON text, since D1 allows
 * 100 parameters in a statement. Clauses may be NULL where SQL would have it so; `not` takes that for false.
 */
const TRUE = sql`1`;
const FALSE = sql`0`;
/** SQLite's JSON types that are one to JavaScript. */
const NUMBERS = sql`('integer', 'real')`;

/** How SDKs write dates begins so. Not bound, since each would count. */
const ISO_DATE = sql`'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'`;

const comparisons: Record<Comparison, SQL> = { $lt: sql`<`, $lte: sql`<=`, $gt: sql`>`, $gte: sql`>=` };

/** What is to hold of one JSON value, given its SQLite JSON type and the value itself. */
type ValueTest = (type: SQL, value: SQL) => SQL;

/** The SQL for a condition. Without `matches`, general patterns count as true, which finds a superset. */
export function clauseOf(condition: Condition, matches?: Matches): SQL {
  switch (condition.type) {
    case "every":
      return joined(
        condition.of.map((each) => clauseOf(each, matches)),
        sql` AND `,
        TRUE,
      );
    case "some":
      return anyOf(condition.of.map((each) => clauseOf(each, matches)));
    case "not":
      return sql`(${clauseOf(condition.of, matches)}) IS NOT TRUE`;
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

/**
 * What has any of these names on its list, such as the conversations someone is in.
 *
 * @param after only ids after this one: who is on very many lists need not have all of them gone through
 */
export function hasAnyName({ table, name, owner, id }: Membership, names: string[], after?: string): SQL {
  const later = after === undefined ? sql`` : sql` AND ${owner} > ${after}`;
  return sql`${id} IN (SELECT ${owner} FROM ${table} WHERE ${isIn(sql`${name}`, names)}${later})`;
}

function among(field: Field, wanted: Operands): SQL {
  switch (field.type) {
    case "text":
      return anyOf([
        ...asText(sql`${field.column}`, wanted),
        ...ifAbsent(wanted, sql`${field.column} IS NULL`),
      ]);
    case "date": {
      const dated = wanted.dates.length > 0 ? [isIn(sql`${field.column}`, wanted.dates)] : [];
      return anyOf([...dated, ...ifAbsent(wanted, sql`${field.column} IS NULL`)]);
    }
    case "number":
      return wanted.numbers.length > 0 ? isIn(field.value, wanted.numbers) : FALSE;
    case "boolean":
      return anyOf([
        ...(wanted.booleans.includes(true) ? [field.value] : []),
        ...(wanted.booleans.includes(false) ? [sql`NOT ${field.value}`] : []),
      ]);
    case "flag": {
      const unset = wanted.absent || wanted.booleans.includes(false);
      return anyOf([
        ...(wanted.booleans.includes(true) ? [field.set] : []),
        ...(unset ? [sql`(${field.set}) IS NOT TRUE`] : []),
      ]);
    }
    case "json":
      return amongJson(field, wanted);
  }
}

function amongJson(field: JsonField, wanted: Operands): SQL {
  const { texts, numbers, booleans, dates, documents } = wanted;
  const clauses = ifAbsent(wanted, sql`json_type(${field.column}, ${field.path}) IS NULL`);
  if (field.membership && texts.length > 0) clauses.push(hasAnyName(field.membership, texts));
  const simple = (type: SQL, value: SQL): SQL[] => [
    ...(field.membership ? [] : asText(value, wanted).map((clause) => sql`(${type} = 'text' AND ${clause})`)),
    ...(numbers.length > 0 ? [sql`(${type} IN ${NUMBERS} AND ${isIn(value, numbers)})`] : []),
    ...(booleans.includes(true) ? [sql`${type} = 'true'`] : []),
    ...(booleans.includes(false) ? [sql`${type} = 'false'`] : []),
    ...(wanted.absent ? [sql`${type} = 'null'`] : []),
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

function holds(field: JsonField, wanted: Json[]): SQL {
  const texts = wanted.filter((each) => typeof each === "string");
  if (field.membership && texts.length === wanted.length) {
    const { table, name, owner, id } = field.membership;
    const count = new Set(texts).size;
    return sql`${id} IN (SELECT ${owner} FROM ${table} WHERE ${isIn(sql`${name}`, texts)} GROUP BY ${owner} HAVING count(*) = ${count})`;
  }
  // Each element is looked up once among the wanted ones, which SQLite keeps sorted, however many they are.
  const kindOf = (type: SQL): SQL => sql`CASE ${type} WHEN 'real' THEN 'integer' ELSE ${type} END`;
  const list = sql`SELECT DISTINCT ${kindOf(sql`type`)} AS kind, value FROM json_each(${JSON.stringify(wanted)})`;
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
  // json_array_length is 0 for anything that is not an array, so only size 0 has to ask.
  const length = sql`json_array_length(${field.column}, ${field.path}) = ${size}`;
  return size > 0 ? length : sql`(${length} AND json_type(${field.column}, ${field.path}) = 'array')`;
}

function matched(condition: PatternCondition, matches: Matches | undefined): SQL {
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
  // By bytes: SQLite counts the characters of a text only up to its first NUL.
  const bytes = new TextEncoder().encode(text).length;
  return sql`substr(CAST(${value} AS BLOB), ${-bytes}) = CAST(${text} AS BLOB)`;
}

/**
 * By the haversine formula, on both sides of which half the angle's sine is squared: that needs no inverse function,
 * and keeps its precision where points are near each other.
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
 * The value a JSON field names or, if it is an array, its elements. json_each gives either, but also the
 * members of an object, which are told by their keys and left out: `{a: {b: 1}}` is not found by `a = 1`.
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
 * CASE and not AND, which may be evaluated in any order: json_extract fails on text that is not JSON. SQLite would
 * also take 5 for a day and `now` for a time, so the form is checked first.
 */
function isDate(type: SQL, value: SQL, test: (time: SQL) => SQL): SQL {
  const iso = sql`json_extract(${value}, '$.iso')`;
  const time = sql`CAST(round(unixepoch(${iso}, 'subsec') * 1000) AS INTEGER)`;
  const dated = sql`json_extract(${value}, '$.__type') = 'Date' AND ${iso} GLOB ${ISO_DATE}`;
  return sql`CASE WHEN ${type} = 'object' THEN ${dated} AND ${test(time)} END`;
}

const asText = (value: SQL, { texts }: Operands): SQL[] => (texts.length > 0 ? [isIn(value, texts)] : []);

const ifAbsent = ({ absent }: Operands, clause: SQL): SQL[] => (absent ? [clause] : []);

/** Bound as JavaScript's number, one that it cannot hold would be another. SQLite reads it from JSON as it is. */
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
