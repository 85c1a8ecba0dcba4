import type { WrittenNumber } from "./written-number.ts";

/** A value that came out of JSON. */
export type Json = string | number | WrittenNumber | boolean | null | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** Whether a value is an object of names and values. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof String);
}
