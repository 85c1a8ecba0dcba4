import { isObject, type Json } from "../model/json.ts";

/** Settings whose value is one object: a patch replaces them as a whole. */
export const WHOLE: readonly string[] = ["push.static", "push.fcm.serviceAccount", "push.webPush"];

/** Settings after a JSON merge patch (RFC 7396) of them; undefined where there were none. */
export function merge(target: Json | undefined, patch: Json, path = ""): Json {
  if (!isObject(patch)) return patch;
  const result = isObject(target) && !WHOLE.includes(path) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value, path === "" ? key : `${path}.${key}`);
  }
  return result;
}
