import { isObject, type Json, type JsonObject } from "../../model/json.ts";

/** A JSON schema for readers: names, types and remarks, indented like the value itself. */
export function outline(schema: Json | undefined, indent = ""): string {
  if (!isObject(schema)) return "anything";
  const { properties, items, anyOf } = schema;
  if (isObject(properties) && Object.keys(properties).length > 0) {
    return `{\n${fieldsOf(schema, properties, `${indent}  `)}${indent}}`;
  }
  if (schema.type === "array") return `list of ${outline(items, indent)}`;
  if (Array.isArray(anyOf)) return [...new Set(anyOf.map((each) => outline(each, indent)))].join(" or ");
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  return Array.isArray(schema.type) ? schema.type.join(" or ") : String(schema.type ?? "anything");
}

function fieldsOf(schema: JsonObject, properties: JsonObject, indent: string): string {
  const required = Array.isArray(schema.required) ? schema.required : [];
  let text = "";
  for (const [name, value] of Object.entries(properties)) {
    const remark = isObject(value) ? remarkOf(value) : "";
    text += `${indent}${name}${required.includes(name) ? "" : "?"}: ${outline(value, indent)}${remark}\n`;
  }
  const rest = schema.additionalProperties;
  return rest === undefined || rest === false ? text : `${text}${indent}… and more\n`;
}

function remarkOf(schema: JsonObject): string {
  const remarks: string[] = [];
  if (typeof schema.description === "string") remarks.push(schema.description);
  if (schema.default !== undefined) remarks.push(`${JSON.stringify(schema.default)} without.`);
  if (schema.maxItems !== undefined) remarks.push(`At most ${schema.maxItems}.`);
  return remarks.length === 0 ? "" : `  · ${remarks.join(" ")}`;
}

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
