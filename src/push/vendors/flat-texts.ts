import type { Json, JsonObject } from "../../model/json.ts";

/** An app's own keys as extras of an Android intent: each value is a text, JSON if it is no text already. */
export function flatTexts(keys: JsonObject): Record<string, string> {
  const known = Object.entries(keys).filter(([, value]) => value !== null);
  return Object.fromEntries(known.map(([key, value]) => [key, textOf(value)]));
}

/** A text as it is, anything else as JSON. */
export function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
