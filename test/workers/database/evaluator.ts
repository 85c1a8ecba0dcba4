import type { Json, JsonObject } from "../../../src/model/json.ts";
import type { ConversationRecord } from "../../../src/model/records.ts";

/**
 * What a `where` means, said once more and without SQL: as Mongo has it, except where a comment says otherwise.
 * It trusts that the `where` is one that is not refused.
 */
export function matches(record: ConversationRecord, where: JsonObject): boolean {
  return Object.entries(where).every(([key, wanted]) => {
    if (key === "$and") return list(wanted).every((each) => matches(record, object(each)));
    if (key === "$or") return list(wanted).some((each) => matches(record, object(each)));
    const { value, flag } = lookUp(record, key);
    if (!isObject(wanted) || !Object.keys(wanted).some((name) => name.startsWith("$"))) {
      return equals(value, wanted, flag);
    }
    return Object.entries(wanted).every(([name, operand]) => holds(name, operand, value, flag, wanted));
  });
}

type Value = Json | undefined;

function holds(name: string, operand: Json, value: Value, flag: boolean, siblings: JsonObject): boolean {
  const equal = (wanted: Json) => equals(value, wanted, flag);
  switch (name) {
    case "$eq":
      return equal(operand);
    case "$ne":
      return !equal(operand);
    case "$in":
      return list(operand).some(equal);
    case "$nin":
      return !list(operand).some(equal);
    case "$all":
      return list(operand).length > 0 && list(operand).every(equal);
    case "$exists":
      return (value !== undefined) === operand;
    case "$size":
      return Array.isArray(value) && value.length === operand;
    case "$regex":
      return itselfAndElements(value).some((each) => typeof each === "string" && regex(siblings).test(each));
    case "$options":
      return true;
    default:
      // Flags have no order: it is either set or not there.
      return !flag && itselfAndElements(value).some((each) => ordered(name, each, operand));
  }
}

/** The value is the one wanted, or an array that has it. */
function equals(value: Value, wanted: Json, flag: boolean): boolean {
  // A flag that is not set is as good as false, though it is not there.
  if (flag && wanted === false) return value === undefined;
  if (wanted === null) return value === undefined || itselfAndElements(value).includes(null);
  return itselfAndElements(value).some((each) => same(each, wanted));
}

/** Of one type, and alike: objects in the order of their keys too, as Mongo has it, and dates inside as written. */
function same(value: Json, wanted: Json): boolean {
  const [one, other] = [timeOf(value), timeOf(wanted)];
  if (one !== undefined || other !== undefined) return one === other;
  return JSON.stringify(value) === JSON.stringify(wanted);
}

function ordered(operator: string, value: Json, operand: Json): boolean {
  const difference = compare(value, operand);
  if (difference === undefined) return false;
  if (operator === "$lt") return difference < 0;
  if (operator === "$lte") return difference <= 0;
  if (operator === "$gt") return difference > 0;
  if (operator === "$gte") return difference >= 0;
  throw new Error(`no operator ${operator}`);
}

/** Undefined for values of different types, which no comparison finds. */
function compare(value: Json, operand: Json): number | undefined {
  const [one, other] = [timeOf(value), timeOf(operand)];
  if (one !== undefined && other !== undefined) return one - other;
  if (typeof value === "number" && typeof operand === "number") return value - operand;
  if (typeof value === "boolean" && typeof operand === "boolean") return Number(value) - Number(operand);
  if (typeof value !== "string" || typeof operand !== "string") return undefined;
  // By code points, which UTF-8 sorts like and UTF-16 does not.
  const [left, right] = [[...value], [...operand]];
  const at = left.findIndex((character, index) => character !== right[index]);
  if (at === -1) return left.length - right.length;
  return (left[at]?.codePointAt(0) ?? -1) - (right[at]?.codePointAt(0) ?? -1);
}

function itselfAndElements(value: Value): Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? [value, ...value] : [value];
}

function timeOf(value: Json): number | undefined {
  if (!isObject(value) || value.__type !== "Date" || typeof value.iso !== "string") return undefined;
  // Only dates as SDKs write them: what else the two sides would take for one differs.
  return /^\d{4}-\d\d-\d\dT/.test(value.iso) ? Date.parse(value.iso) : undefined;
}

function regex({ $regex, $options = "" }: JsonObject): RegExp {
  const source = String($regex).replaceAll(/\\Q(.*?)\\E/gs, (_, text: string) =>
    text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&"),
  );
  return new RegExp(source, `u${$options}`);
}

/** What a key names. Paths lead through objects; through arrays, where Mongo would look too, they lead nowhere. */
function lookUp(record: ConversationRecord, key: string): { value: Value; flag: boolean } {
  const known = new Map<string, Value>([
    ["objectId", record.id],
    ["name", record.name],
    ["c", record.creator],
    ["m", record.members],
    ["mu", record.muted],
    ["lm", record.lastMessageAt === undefined ? undefined : date(record.lastMessageAt)],
    ["createdAt", date(record.createdAt)],
    ["updatedAt", date(record.updatedAt)],
    ["uniqueId", record.uniqueId],
    ["conv_type", { normal: 1, room: 2, system: 3, temporary: 0 }[record.kind]],
  ]);
  if (known.has(key)) return { value: known.get(key), flag: false };
  const flags = new Map([
    ["tr", record.kind === "room"],
    ["sys", record.kind === "system"],
    ["unique", record.unique],
  ]);
  const set = flags.get(key);
  if (set !== undefined) return { value: set || undefined, flag: true };
  const segments = key.split(".");
  const inAttributes = segments[0] === "attr";
  let value: Value = inAttributes ? record.attributes : record.columns;
  for (const segment of inAttributes ? segments.slice(1) : segments) {
    value = isObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
  }
  return { value, flag: false };
}

const date = (time: number): Json => ({ __type: "Date", iso: new Date(time).toISOString() });

function isObject(value: Value): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(value: Json): Json[] {
  if (!Array.isArray(value)) throw new Error("not a list");
  return value;
}

function object(value: Json): JsonObject {
  if (!isObject(value)) throw new Error("not an object");
  return value;
}
