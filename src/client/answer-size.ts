import { QUERY_ANSWER_BYTES } from "../bounds.ts";
import type { JsonObject } from "../model/json.ts";

/** As many as fit into one answer (I13), the first of them in any case; SDKs ask for the rest by `skip`. */
export function rowsWithinBytes(conversations: JsonObject[], most = QUERY_ANSWER_BYTES): JsonObject[] {
  let size = 0;
  const end = conversations.findIndex((conversation, at) => {
    size += JSON.stringify(conversation).length;
    return at > 0 && size > most;
  });
  return end === -1 ? conversations : conversations.slice(0, end);
}
