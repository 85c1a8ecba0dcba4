import type { Json, JsonObject } from "../../model/json.ts";

/** An app's own keys as extras of an Android intent: each value is a text, JSON if it is no text already. */
export function flatTexts(keys: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(withoutNulls(keys)).map(([key, value]) => [key, textOf(value)]));
}

/** The fields that have a value: a part of a content removes a field by null. */
export function withoutNulls(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** A text as it is, anything else as JSON. */
export function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
