import { isReserved } from "../../conversation/membership/attributes.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { ConversationRecord } from "../../model/records.ts";

type Kind = ConversationRecord["kind"];

/**
 * Fields that storage SDKs add to a body and that have no meaning for a conversation: they are ignored. `ACL` is among
 * them, since only the master key reads and writes these rows.
 */
const PASSED_OVER = new Set(["ACL", "className"]);
const isPassedOver = (column: string) => PASSED_OVER.has(column) || column.startsWith("__");

/** The flags that tell of which kind a conversation is, with what is wrong where one is set to true. */
const FLAGS: Record<string, { kind: Kind; problem: string }> = {
  tr: { kind: "room", problem: "only a chat room has it, from its creation on" },
  sys: { kind: "system", problem: "only a service conversation has it, from its creation on" },
  temp: { kind: "temporary", problem: "temporary conversations are made by clients" },
};

/**
 * The columns that a caller may set; a sentence if the service's own columns are among them. If they were ignored, the
 * caller would believe they were set.
 *
 * @param kind of a conversation that is created: its flag may be set. Undefined where it exists already
 */
export function ownColumns(sent: Record<string, Json | undefined>, kind?: Kind): JsonObject | string {
  const columns: JsonObject = {};
  for (const [column, value] of Object.entries(sent)) {
    // A schema leaves `undefined` for an absent key.
    if (value === undefined || isPassedOver(column)) continue;
    const flag = Object.hasOwn(FLAGS, column) ? FLAGS[column] : undefined;
    // False is accepted, because it is true of most conversations.
    if (flag !== undefined && (value === false || value === null)) continue;
    if (flag !== undefined && flag.kind === kind && value === true) continue;
    if (flag !== undefined) return `${column}: ${flag.problem}`;
    if (isReserved(column)) return `${column}: is the service's own and cannot be set`;
    columns[column] = value;
  }
  return columns;
}
