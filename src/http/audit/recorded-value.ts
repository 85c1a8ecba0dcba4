import { isObject, type Json } from "../../model/json.ts";
import { HIDDEN } from "../../settings/value-schemas.ts";

/** Names of fields whose values are for nobody's eyes. */
const SECRET =
  /secret|password|private_?key|master_?key|session_?token|auth_?data|registration_?id|device_?token|^key$/i;
const TEXT_MAX = 1_000; // characters
const LIST_MAX = 100; // entries
const VALUE_MAX = 8_192; // characters of JSON

/** A value as the audit log keeps it: without secrets, and of a bounded size. */
export function recordedValue(value: Json | undefined): Json | undefined {
  if (value === undefined) return undefined;
  const recorded = bounded(value);
  const { length } = JSON.stringify(recorded);
  return length > VALUE_MAX ? { omitted: `${length} characters` } : recorded;
}

function bounded(value: Json): Json {
  if (typeof value === "string")
    return value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}… (${value.length} characters)` : value;
  if (Array.isArray(value)) {
    const more = value.length - LIST_MAX;
    const kept = value.slice(0, LIST_MAX).map(bounded);
    return more > 0 ? [...kept, `… and ${more} more`] : kept;
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRET.test(name) && inner !== null ? HIDDEN : bounded(inner),
    ]),
  );
}
