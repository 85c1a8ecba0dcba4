import { isReserved } from "../../conversation/membership/attributes.ts";
import type { Json, JsonObject } from "../../model/json.ts";

/**
 * Fields that storage SDKs add to a body and that have no meaning for a conversation: they are ignored. `ACL` is among
 * them, since only the master key reads and writes these rows.
 */
const PASSED_OVER = new Set(["ACL", "className"]);
const isPassedOver = (column: string) => PASSED_OVER.has(column) || column.startsWith("__");

/** Kinds that a conversation is not; false is accepted, because it is true of every conversation. */
const KINDS: Record<string, string> = {
  tr: "chat rooms are not served",
  sys: "service conversations are not served",
  temp: "temporary conversations are made by clients",
};

/**
 * The columns that a caller may set; a sentence if the service's own columns are among them. If they were ignored, the
 * caller would believe they were set.
 */
export function ownColumns(sent: Record<string, Json | undefined>): JsonObject | string {
  const columns: JsonObject = {};
  for (const [column, value] of Object.entries(sent)) {
    // A schema leaves `undefined` for an absent key.
    if (value === undefined || isPassedOver(column)) continue;
    const kind = Object.hasOwn(KINDS, column) ? KINDS[column] : undefined;
    if (kind !== undefined && (value === false || value === null)) continue;
    if (kind !== undefined) return `${column}: ${kind}`;
    if (isReserved(column)) return `${column}: is the service's own and cannot be set`;
    columns[column] = value;
  }
  return columns;
}
