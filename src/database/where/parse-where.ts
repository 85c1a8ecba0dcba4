import { isObject, type Json, type JsonObject } from "../../model/json.ts";
import { isComparable, isWritten, numberOf } from "../../protocol/written-number.ts";
import { isDeeperThan } from "../json-depth.ts";
import type { Comparable, Condition, Operands } from "./condition.ts";
import { type QueryRefusal, refusal } from "./query-refusal.ts";
import type { Field, JsonField, QueryTable } from "./query-table.ts";
import { parseRegex } from "./regex-pattern.ts";

const DEPTH_MAX = 8;
const CONDITIONS_MAX = 50;
const LIST_MAX = 1000;
/** Levels of a value to compare with: stored values are compared as a whole, and SQLite reads 1,000 levels. */
const NESTING_MAX = 100;
const SHOWN_MAX = 64;

/** The units of a maximum distance, in radians. */
const DISTANCES = new Map([
  ["$maxDistance", 1],
  ["$maxDistanceInRadians", 1],
  ["$maxDistanceInKilometers", 1 / 6371],
  ["$maxDistanceInMiles", 1 / 3958.8],
]);
const OTHER_CLASSES = ["$inQuery", "$notInQuery", "$select", "$dontSelect"];

/**
 * Parses a `where` object for a table. Nothing in it is ignored: anything that is not understood refuses the whole
 * query.
 */
export function parseWhere(where: Json, { fieldOf }: Pick<QueryTable, "fieldOf">): Condition | QueryRefusal {
  const reader = new WhereReader(fieldOf);
  const condition = reader.read(where, 0);
  return reader.refused ?? condition;
}

/** The ids that `where` names, if it names nothing else: then the objects themselves can answer at once. */
export function idsOfWhere(where: Json | undefined): string[] | undefined {
  if (!isObject(where)) return undefined;
  const { objectId, ...others } = where;
  if (objectId === undefined || Object.keys(others).length > 0) return undefined;
  if (typeof objectId === "string") return [objectId];
  if (!isObject(objectId) || Object.keys(objectId).length !== 1) return undefined;
  const ids = objectId.$in;
  if (!Array.isArray(ids) || ids.length > LIST_MAX) return undefined;
  const texts = ids.filter((id) => typeof id === "string");
  return texts.length === ids.length ? [...new Set(texts)] : undefined;
}

/** Keeps the first refusal and continues, so that parsing needs no exceptions. The rest of the result is discarded. */
class WhereReader {
  refused: QueryRefusal | undefined;
  readonly #fieldOf: QueryTable["fieldOf"];
  #conditions = 0;

  constructor(fieldOf: QueryTable["fieldOf"]) {
    this.#fieldOf = fieldOf;
  }

  read(where: Json, depth: number): Condition {
    if (!isObject(where)) return this.#refuse("where must be an object");
    if (depth > DEPTH_MAX) return this.#refuse("where is nested too deeply");
    return every(Object.entries(where).map(([key, value]) => this.#entry(key, value, depth)));
  }

  #entry(key: string, value: Json, depth: number): Condition {
    if (this.refused) return nothing;
    if (key === "$and" || key === "$or") {
      if (!Array.isArray(value) || value.length === 0)
        return this.#refuse(`${key} needs a list of conditions`);
      const of = value.map((each) => this.read(each, depth + 1));
      return key === "$and" ? every(of) : { type: "some", of };
    }
    if (key.startsWith("$")) return this.#refuse(`unknown operator ${shown(key)}`);
    const field = this.#fieldOf(key);
    if (!field) return this.#refuse(`invalid key ${shown(key)}`);
    if (!isObject(value) || !Object.keys(value).some((name) => name.startsWith("$"))) {
      this.#count();
      return this.#among(field, [value]);
    }
    return every(Object.entries(value).map(([name, operand]) => this.#operator(field, name, operand, value)));
  }

  #operator(field: Field, name: string, operand: Json, siblings: JsonObject): Condition {
    if (this.refused) return nothing;
    this.#count();
    switch (name) {
      case "$eq":
        return this.#among(field, [operand]);
      case "$ne":
        return { type: "not", of: this.#among(field, [operand]) };
      case "$in":
        return this.#among(field, this.#list(name, operand));
      case "$nin":
        return { type: "not", of: this.#among(field, this.#list(name, operand)) };
      case "$all":
        return this.#holds(field, this.#list(name, operand));
      case "$lt":
      case "$lte":
      case "$gt":
      case "$gte": {
        const value = this.#comparable(operand);
        if (!value) return this.#refuse(`${name} needs a string, number, boolean or date`);
        return { type: "compared", field, operator: name, value };
      }
      case "$exists":
        if (typeof operand !== "boolean") return this.#refuse("$exists needs true or false");
        return operand ? { type: "present", field } : { type: "not", of: { type: "present", field } };
      case "$size":
        return this.#sized(field, numberOf(operand));
      case "$regex":
        return this.#regex(field, operand, siblings.$options);
      case "$options":
        // Read together with $regex, in whichever order they come.
        return siblings.$regex === undefined ? this.#refuse("$options needs $regex") : every([]);
      default:
        if (field.type === "json" && field.places) {
          if (name === "$nearSphere") return this.#near(field, operand, siblings);
          // Read together with $nearSphere.
          if (DISTANCES.has(name)) {
            return siblings.$nearSphere === undefined ? this.#refuse(`${name} needs $nearSphere`) : every([]);
          }
        }
        if (OTHER_CLASSES.includes(name)) {
          return this.#refuse(`${name} asks other classes, which are not kept here`);
        }
        return this.#refuse(`unknown operator ${shown(name)}`);
    }
  }

  #sized(field: Field, size: number | undefined): Condition {
    if (size === undefined || !Number.isSafeInteger(size) || size < 0)
      return this.#refuse("$size needs a whole number");
    return { type: "sized", field, size };
  }

  #near(field: JsonField, point: Json, siblings: JsonObject): Condition {
    const [latitude, longitude] = isObject(point)
      ? [numberOf(point.latitude), numberOf(point.longitude)]
      : [];
    if (latitude === undefined || longitude === undefined)
      return this.#refuse("$nearSphere needs a GeoPoint");
    let within: number | undefined;
    for (const [name, radians] of DISTANCES) {
      if (siblings[name] === undefined) continue;
      const distance = numberOf(siblings[name]);
      if (distance === undefined || distance < 0) return this.#refuse(`${name} needs a distance`);
      within = Math.min(within ?? Number.POSITIVE_INFINITY, distance * radians);
    }
    return { type: "near", field, latitude, longitude, within };
  }

  #regex(field: Field, source: Json, options: Json | undefined): Condition {
    if (typeof source !== "string") return this.#refuse("$regex needs a string");
    if (options !== undefined && typeof options !== "string") return this.#refuse("$options needs a string");
    const pattern = parseRegex(source, options ?? "");
    return typeof pattern === "string" ? this.#refuse(pattern) : { type: "matched", field, pattern };
  }

  #list(name: string, operand: Json): Json[] {
    if (Array.isArray(operand) && operand.length <= LIST_MAX) return operand;
    this.#refuse(
      Array.isArray(operand) ? `${name} has more than ${LIST_MAX} values` : `${name} needs a list`,
    );
    return [];
  }

  #holds(field: Field, values: Json[]): Condition {
    // An empty list never matches, as in Mongo.
    if (values.length === 0) return nothing;
    if (field.type !== "json") return every(values.map((value) => this.#among(field, [value])));
    // Simple values are tested together, however many they are; the others as if each were tested alone.
    const simple = values.filter((value) => typeof value !== "object");
    const others = values.filter((value) => typeof value === "object");
    const held: Condition[] = simple.length > 0 ? [{ type: "holds", field, values: simple }] : [];
    return every([...held, ...others.map((value) => this.#among(field, [value]))]);
  }

  #among(field: Field, values: Json[]): Condition {
    const operands: Operands = {
      texts: [],
      numbers: [],
      booleans: [],
      dates: [],
      documents: [],
      absent: false,
    };
    if (isDeeperThan(NESTING_MAX, values)) return this.#refuse("a value is nested too deeply");
    for (const value of values) {
      const comparable = this.#comparable(value);
      if (value === null) operands.absent = true;
      else if (comparable === undefined) operands.documents.push(JSON.stringify(value));
      else if (comparable.type === "text") operands.texts.push(comparable.value);
      else if (comparable.type === "number") operands.numbers.push(comparable.value);
      else if (comparable.type === "boolean") operands.booleans.push(comparable.value);
      else operands.dates.push(comparable.value);
    }
    return { type: "among", field, values: operands };
  }

  #comparable(value: Json): Comparable | undefined {
    if (typeof value === "string") return { type: "text", value };
    if (typeof value === "number") return { type: "number", value };
    if (typeof value === "boolean") return { type: "boolean", value };
    if (isWritten(value)) {
      if (!isComparable(value)) this.#refuse("a whole number has more than 64 bits");
      return { type: "number", value };
    }
    if (!isObject(value)) return undefined;
    if (Object.keys(value).some((key) => key.startsWith("$"))) {
      this.#refuse("an operator stands where a value should");
    }
    if (value.__type !== "Date") return undefined;
    const time = typeof value.iso === "string" ? Date.parse(value.iso) : Number.NaN;
    if (Number.isNaN(time)) this.#refuse("malformed date");
    return { type: "date", value: time };
  }

  #count(): void {
    this.#conditions++;
    if (this.#conditions > CONDITIONS_MAX) this.#refuse(`where has more than ${CONDITIONS_MAX} conditions`);
  }

  #refuse(reason: string): Condition {
    this.refused ??= refusal(`102: ${reason}`);
    return nothing;
  }
}

const nothing: Condition = { type: "some", of: [] };

function every(of: Condition[]): Condition {
  const [only] = of;
  return of.length === 1 && only ? only : { type: "every", of };
}

const shown = (text: string): string => (text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text);
