/** A value that came out of JSON. */
export type Json = string | number | WrittenNumber | boolean | null | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/**
 * A number whose text JavaScript would change. It is a text in an object, which nothing else here is: copies between
 * objects and in queues keep it, and `JSON.stringify` writes it as it came.
 */
// biome-ignore lint/complexity/noBannedTypes: the object, not the primitive, is what tells it from other texts
export type WrittenNumber = String & { readonly [number]: never };
declare const number: unique symbol;

/** Whether a value is an object of names and values. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof String);
}
