import { isObject, type Json, type JsonObject } from "../model/json.ts";

/** Whether a value holds arrays or objects more than so many levels deep. Reads no deeper than that. */
export function isDeeperThan(levels: number, value: Json): boolean {
  if (!Array.isArray(value) && !isObject(value)) return false;
  if (levels === 0) return true;
  return Object.values(value).some((each) => isDeeperThan(levels - 1, each));
}

/** The entries of an object that are at most so many levels deep. */
export function withoutDeeperThan(levels: number, object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isDeeperThan(levels, value)));
}
