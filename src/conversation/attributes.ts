import type { Json, JsonObject } from "../protocol/json.ts";

/** Columns the service owns: a client naming one is ignored, not refused (wire §4.5.1). */
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

const NAME_LIMIT = 255; // characters
const COLUMNS_LIMIT = 32_768; // characters of JSON, name and attributes together
const DEPTH_LIMIT = 16; // segments of a column path

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
  /** Resulting values by top-level column, whole: Swift walks them, Java replaces by them. */
  resulting: JsonObject;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sorts out the columns of a new conversation, or says in words why it cannot be made with them. */
export function newColumns(sent: JsonObject): Columns | ColumnsRefused {
  const changes: JsonObject = {};
  for (const [column, value] of Object.entries(sent)) if (value !== null) changes[column] = value;
  const made = changeColumns({ name: undefined, attributes: {}, columns: {} }, changes);
  return "refused" in made ? made : made.after;
}

/**
 * Applies changes keyed by column path (`name`, `attr`, `attr.a.b`) to a conversation, without touching what it
 * was given. Values may be operations (`Delete`, `Add`, `AddUnique`, `Remove`, `Increment`).
 */
export function changeColumns(before: Columns, changes: JsonObject): ColumnsChanged | ColumnsRefused {
  // The three kinds of column as one tree, so that a path means the same everywhere.
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
  if (typeof name === "string" && name.length > NAME_LIMIT)
    return { refused: `name: over ${NAME_LIMIT} characters` };
  if (attr !== undefined && attr !== null && !isObject(attr)) return { refused: "attr: not an object" };
  const after: Columns = { name: name ?? undefined, attributes: attr ?? {}, columns };
  if (JSON.stringify(after).length > COLUMNS_LIMIT) {
    return { refused: `name and attributes: over ${COLUMNS_LIMIT} characters of JSON` };
  }
  const resulting: JsonObject = {};
  for (const top of touched) {
    if (top === "attr") resulting.attr = after.attributes;
    else if (tree[top] !== undefined) resulting[top] = tree[top];
  }
  return { after, changed, resulting };
}

function setPath(tree: JsonObject, segments: string[], change: Json): { value: Json | undefined } | string {
  let parent = tree;
  for (const segment of segments.slice(0, -1)) {
    const child = own(parent, segment);
    if (isObject(child)) {
      parent = child;
      continue;
    }
    if (child !== undefined && child !== null) return "passes through a value that is not an object";
    const made: JsonObject = {};
    parent[segment] = made;
    parent = made;
  }
  const last = segments.at(-1) ?? "";
  const value = resolve(own(parent, last), change);
  if (typeof value === "string") return value;
  if (value.value === undefined) delete parent[last];
  else parent[last] = value.value;
  return value;
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The value a column has after the change, `undefined` when it is gone; a string says why it cannot be. */
function resolve(current: Json | undefined, change: Json): { value: Json | undefined } | string {
  if (!isObject(change) || typeof change.__op !== "string") return { value: change };
  const { __op: operation, objects, amount } = change;
  if (operation === "Delete") return { value: undefined };
  if (operation === "Increment") {
    if (typeof amount !== "number") return "Increment needs an amount";
    if (current !== undefined && current !== null && typeof current !== "number") return "not a number";
    return { value: (current ?? 0) + amount };
  }
  if (operation !== "Add" && operation !== "AddUnique" && operation !== "Remove")
    return `unknown __op ${operation}`;
  if (!Array.isArray(objects)) return `${operation} needs objects`;
  if (current !== undefined && current !== null && !Array.isArray(current)) return "not an array";
  const list = current ?? [];
  const has = (values: Json[], value: Json) =>
    values.some((one) => JSON.stringify(one) === JSON.stringify(value));
  if (operation === "Add") return { value: [...list, ...objects] };
  if (operation === "Remove") return { value: list.filter((value) => !has(objects, value)) };
  const united = [...list];
  for (const object of objects) if (!has(united, object)) united.push(object);
  return { value: united };
}
