import { isObject, type Json } from "../../../src/model/json.ts";

/** The first example of a schema, or one composed of the examples of its properties. */
export function exampleOf(schema: Json | undefined): Json | undefined {
  if (!isObject(schema)) return undefined;
  if (Array.isArray(schema.examples)) return schema.examples[0];
  if (schema.type === "array") {
    const item = exampleOf(schema.items);
    return item === undefined ? [] : [item];
  }
  if (!isObject(schema.properties)) return undefined;
  const entries: [string, Json][] = [];
  for (const [name, property] of Object.entries(schema.properties)) {
    const value = exampleOf(property);
    if (value !== undefined) entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}
