import { isObject, type Json, type JsonObject } from "../model/json.ts";
import { isWritten, sumOf } from "./written-number.ts";

/**
 * Changes the value at a path of names in a tree, which is changed in place. The change is a value, or an operation on
 * the current value: `{__op: Delete | Increment | Add | AddUnique | Remove}`, as all SDKs write them.
 *
 * @returns the value after it, undefined if it is deleted; or a text that tells why it is refused
 */
export function setPath(
  tree: JsonObject,
  segments: string[],
  change: Json,
): { value: Json | undefined } | string {
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

function resolve(current: Json | undefined, change: Json): { value: Json | undefined } | string {
  if (!isObject(change) || typeof change.__op !== "string") return { value: change };
  const { __op: operation, objects, amount } = change;
  if (operation === "Delete") return { value: undefined };
  if (operation === "Increment") {
    if (!isNumber(amount)) return "Increment needs an amount";
    if (current !== undefined && current !== null && !isNumber(current)) return "not a number";
    return { value: sumOf(current ?? 0, amount) };
  }
  if (operation !== "Add" && operation !== "AddUnique" && operation !== "Remove")
    return `unknown __op ${operation}`;
  if (!Array.isArray(objects)) return `${operation} needs objects`;
  if (current !== undefined && current !== null && !Array.isArray(current)) return "not an array";
  const list = current ?? [];
  // Compared by their text: comparing each pair would take quadratic time.
  const texts = (values: Json[]) => new Set(values.map((value) => JSON.stringify(value)));
  if (operation === "Add") return { value: [...list, ...objects] };
  if (operation === "Remove") {
    const removed = texts(objects);
    return { value: list.filter((value) => !removed.has(JSON.stringify(value))) };
  }
  const united = [...list];
  const known = texts(list);
  for (const object of objects) {
    const text = JSON.stringify(object);
    if (known.has(text)) continue;
    known.add(text);
    united.push(object);
  }
  return { value: united };
}

const isNumber = (value: Json | undefined) => typeof value === "number" || isWritten(value);
