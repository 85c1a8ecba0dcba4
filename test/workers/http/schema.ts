import type { Json, JsonObject } from "../../../src/model/json.ts";
import { isObject } from "../../../src/model/json.ts";

/** Where a value does not fit a JSON schema, as far as the document uses any; undefined where it does. */
export function misfit(schema: Json | undefined, value: Json, at = "answer"): string | undefined {
  if (!isObject(schema)) return undefined;
  if (Array.isArray(schema.anyOf)) {
    const misfits = schema.anyOf.map((each) => misfit(each, value, at));
    return misfits.includes(undefined) ? undefined : misfits.join(" and ");
  }
  if (isObject(schema.not) && schema.not.const === value) return `${at} is ${value}`;
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return `${at} is none of ${schema.enum}`;
  if (typeof schema.type === "string" && !types[schema.type]?.(value)) return `${at} is no ${schema.type}`;
  if (Array.isArray(value))
    return first(value, (item, index) => misfit(schema.items, item, `${at}[${index}]`));
  return isObject(value) ? misfitOfObject(schema, value, at) : undefined;
}

function misfitOfObject(schema: JsonObject, value: JsonObject, at: string): string | undefined {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const missing = required.find((name) => value[String(name)] === undefined);
  if (missing !== undefined) return `${at} has no ${missing}`;
  const properties = isObject(schema.properties) ? schema.properties : {};
  return first(Object.entries(properties), ([name, property]) => {
    const inner = value[name];
    return inner === undefined ? undefined : misfit(property, inner, `${at}.${name}`);
  });
}

function first<Item>(items: Item[], find: (item: Item, index: number) => string | undefined) {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

const types: Record<string, (value: Json) => boolean> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  object: isObject,
  null: (value) => value === null,
};
