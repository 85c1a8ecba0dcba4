import { type Answer, type Call, limitOf, ok, refused } from "./answer.ts";
import type { AppData } from "./app-data.ts";

/**
 * A page of history (http-api §3), newest first. The list of the whole app takes no `reversed`; version 1.1 names the
 * start `max_ts` too.
 *
 * @param conversation undefined for the whole app
 * @param ignoresIds whether it begins with the first message of a millisecond, whatever `msgid` says
 */
export function history(
  { messages }: AppData,
  call: Call,
  conversation: string | undefined,
  ignoresIds = false,
): Answer {
  const { query } = call;
  if (conversation === undefined && query.has("reversed"))
    return refused(400, 1, "reversed is not supported.");
  const start = Number(query.get("timestamp") ?? query.get("max_ts") ?? Number.POSITIVE_INFINITY);
  const id = query.get("msgid");
  if (id !== null && !Number.isFinite(start)) return refused(400, 1, "msgid needs timestamp.");
  const found = [];
  const limit = limitOf(call);
  for (let at = firstBefore(messages, start); at < messages.length && found.length < limit; at++) {
    const message = messages[at];
    if (message === undefined || (conversation !== undefined && message.to !== conversation)) continue;
    const isTwin = message.timestamp === start && !ignoresIds;
    // Without an id, a whole millisecond is left out.
    if (isTwin && (id === null || message["msg-id"] >= id)) continue;
    found.push(message);
  }
  return ok(found);
}

/** The place of the first message that is not newer. */
function firstBefore(messages: AppData["messages"], timestamp: number): number {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.timestamp ?? 0) > timestamp) low = middle + 1;
    else high = middle;
  }
  return low;
}
