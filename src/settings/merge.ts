import type { Json } from "../protocol/json.ts";

/** A value after a JSON merge patch (RFC 7396); undefined where there was none. */
export function merge(target: Json | undefined, patch: Json): Json {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const isGroup = typeof target === "object" && target !== null && !Array.isArray(target);
  const result = isGroup ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
