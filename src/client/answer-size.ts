import { QUERY_ANSWER_BYTES } from "../bounds.ts";
import type { JsonObject } from "../model/json.ts";

/** The first conversations, as many as fit into one answer (I13) and at least one. SDKs ask for the rest by `skip`. */
export function withinAnswerSize(conversations: JsonObject[], most = QUERY_ANSWER_BYTES): JsonObject[] {
  let size = 0;
  const end = conversations.findIndex((conversation, at) => {
    size += JSON.stringify(conversation).length;
    return at > 0 && size > most;
  });
  return end === -1 ? conversations : conversations.slice(0, end);
}
