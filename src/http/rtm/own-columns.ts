import { isReserved } from "../../conversation/attributes.ts";
import type { Json, JsonObject } from "../../model/json.ts";

/**
 * What storage SDKs put into a body beside columns: it says nothing about a conversation, and is passed over. `ACL` is
 * among them, since only the master key reads and writes these rows.
 */
const PASSED_OVER = new Set(["ACL", "className"]);
const isPassedOver = (column: string) => PASSED_OVER.has(column) || column.startsWith("__");

/** What a conversation is not: said to be false, that is true of every one. */
const KINDS: Record<string, string> = {
  tr: "chat rooms are not served",
  sys: "service conversations are not served",
  temp: "temporary conversations are made by clients",
};

/**
 * The columns that a caller may set; in words what stands among them that is the service's own. Answered 200 and passed
 * over, a caller would believe it was set.
 */
export function ownColumns(sent: Record<string, Json | undefined>): JsonObject | string {
  const columns: JsonObject = {};
  for (const [column, value] of Object.entries(sent)) {
    // A schema leaves `undefined` where a key was not sent.
    if (value === undefined || isPassedOver(column)) continue;
    const kind = Object.hasOwn(KINDS, column) ? KINDS[column] : undefined;
    if (kind !== undefined && (value === false || value === null)) continue;
    if (kind !== undefined) return `${column}: ${kind}`;
    if (isReserved(column)) return `${column}: is the service's own and cannot be set`;
    columns[column] = value;
  }
  return columns;
}
