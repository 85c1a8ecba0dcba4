import { isObject, type Json, type JsonObject } from "../model/json.ts";
import { asWritten } from "./written-number.ts";

/** Deeper values are refused, so that everything that handles them later may recurse without a limit. */
const LEVELS_MAX = 32;

/**
 * Names that reach an object's prototype when merged or used as a path. A dot separates path segments, so
 * `attr.__proto__.x` is as bad as `__proto__`.
 */
const UNSAFE_KEY = /(?:^|\.)(?:__proto__|constructor|prototype)(?:\.|$)/;

export type Parsed<Value> = { value: Value } | { problem: string };

/** JSON sent by a client: well-formed, not too deep, of finite numbers and with harmless keys, or refused. */
export function parseJson(text: string): Parsed<Json> {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "invalid JSON" };
  }
  const problem = problemOf(value, 1);
  return problem === undefined ? { value } : { problem };
}

/** As `parseJson`, for values that are passed on: every number stays as it was written. */
export function parseAsWritten(text: string): Parsed<Json> {
  const parsed = parseJson(text);
  if ("problem" in parsed) return parsed;
  const value = asWritten(text, parsed.value);
  return value === undefined ? { problem: "too many fractions and large numbers" } : { value };
}

/** As `parseAsWritten`, but an object; nothing at all (an SDK's empty text or `null`) is the empty object. */
export function parseJsonObject(text: string | undefined): Parsed<JsonObject> {
  if (text === undefined || text === "") return { value: {} };
  const parsed = parseAsWritten(text);
  if ("problem" in parsed) return parsed;
  if (parsed.value === null) return { value: {} };
  return isObject(parsed.value) ? { value: parsed.value } : { problem: "not a JSON object" };
}

function problemOf(value: Json, level: number): string | undefined {
  // 1e999 parses to Infinity, which no JSON can carry back.
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "number out of range";
  if (!Array.isArray(value) && !isObject(value)) return undefined;
  if (level > LEVELS_MAX) return `JSON nested deeper than ${LEVELS_MAX} levels`;
  if (Array.isArray(value)) {
    for (const item of value) {
      const problem = problemOf(item, level + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  for (const [key, item] of Object.entries(value)) {
    if (UNSAFE_KEY.test(key)) return `key not allowed: ${key}`;
    const problem = problemOf(item, level + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
