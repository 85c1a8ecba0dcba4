import { isObject, type JsonObject } from "../../model/json.ts";
import { setPath } from "../../protocol/field-operations.ts";

/** Columns that belong to the service: a client's value for one is ignored, not refused (wire §4.5.1). */
const RESERVED = new Set([
  ...["objectId", "m", "mu", "c", "lm", "tr", "sys", "unique", "uniqueId", "createdAt", "updatedAt", "temp"],
  ...[
    "ttl",
    "conv_type",
    "ACL",
    "tempConv",
    "tempConvTTL",
    "joined",
    "joinedAt",
    "muted",
    "className",
    "__type",
  ],
  ...["msg", "bin", "msg_mid", "msg_from", "msg_timestamp", "patch_timestamp", "mention_all", "mention_pids"],
]);

/** Whether a column, or the first segment of a path such as `attr.a`, belongs to the service. */
export const isReserved = (path: string): boolean => RESERVED.has(path.split(".")[0] ?? "");

const DEPTH_LIMIT = 16; // segments of a column path

/** Limits of a conversation's columns, from the settings. */
export interface ColumnLimits {
  /** Characters of the name. */
  nameCharacters: number;
  /** Characters of JSON of name, attributes and columns together. */
  attributesCharacters: number;
}

/** What a client may set on a conversation (B-17). */
export interface Columns {
  name: string | undefined;
  attributes: JsonObject;
  /** Custom top-level columns. */
  columns: JsonObject;
}

export interface ColumnsRefused {
  refused: string;
}

export interface ColumnsChanged {
  after: Columns;
  /** Resolved values by requested path; null where deleted (wire §4.5.4). */
  changed: JsonObject;
  /** Whole resulting values by top-level column: Swift walks them, Java replaces by them. */
  resulting: JsonObject;
}

/** Sorts out the columns of a new conversation, or returns why it is refused. */
export function newColumns(sent: JsonObject, limits: ColumnLimits): Columns | ColumnsRefused {
  const changes: JsonObject = {};
  for (const [column, value] of Object.entries(sent)) if (value !== null) changes[column] = value;
  const made = changeColumns({ name: undefined, attributes: {}, columns: {} }, changes, limits);
  return "refused" in made ? made : made.after;
}

/**
 * Applies changes keyed by column path (`name`, `attr`, `attr.a.b`) to a conversation, without modifying `before`.
 * Values may be operations (`Delete`, `Add`, `AddUnique`, `Remove`, `Increment`).
 */
export function changeColumns(
  before: Columns,
  changes: JsonObject,
  { nameCharacters, attributesCharacters }: ColumnLimits,
): ColumnsChanged | ColumnsRefused {
  // All three kinds of column in one tree, so that paths work the same everywhere.
  const tree: JsonObject = { ...structuredClone(before.columns), attr: structuredClone(before.attributes) };
  if (before.name !== undefined) tree.name = before.name;
  const changed: JsonObject = {};
  const touched = new Set<string>();
  for (const [path, change] of Object.entries(changes)) {
    const segments = path.split(".");
    const [top] = segments;
    if (top === undefined || segments.length > DEPTH_LIMIT || segments.some((segment) => segment === "")) {
      return { refused: `${path}: not a column path` };
    }
    if (RESERVED.has(top)) continue;
    const outcome = setPath(tree, segments, change);
    if (typeof outcome === "string") return { refused: `${path}: ${outcome}` };
    changed[path] = outcome.value ?? null;
    touched.add(top);
  }
  const { name, attr, ...columns } = tree;
  if (name !== undefined && name !== null && typeof name !== "string")
    return { refused: "name: not a string" };
  if (typeof name === "string" && name.length > nameCharacters)
    return { refused: `name: over ${nameCharacters} characters` };
  if (attr !== undefined && attr !== null && !isObject(attr)) return { refused: "attr: not an object" };
  const after: Columns = { name: name ?? undefined, attributes: attr ?? {}, columns };
  if (JSON.stringify(after).length > attributesCharacters) {
    return { refused: `name and attributes: over ${attributesCharacters} characters of JSON` };
  }
  const resulting: JsonObject = {};
  for (const top of touched) {
    if (top === "attr") resulting.attr = after.attributes;
    else if (tree[top] !== undefined) resulting[top] = tree[top];
  }
  return { after, changed, resulting };
}
