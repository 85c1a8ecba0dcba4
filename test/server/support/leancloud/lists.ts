import { type Answer, type Call, limitOf, ok } from "./answer.ts";
import type { AppData } from "./app-data.ts";

/** Lists of a conversation (http-api §2.4 to §2.7). */

/** The last subscriber of a page stands for the place. */
export function subscribers(data: AppData, call: Call, conversation: string): Answer {
  const all = data.subscribers[conversation] ?? [];
  const last = call.query.get("client_id");
  const start = last === null ? 0 : all.findIndex(({ subscriber }) => subscriber === last) + 1;
  const page = all.slice(start, start + limitOf(call, 50, 50));
  return ok(page.map((each) => ({ ...each, conv_id: conversation })));
}

export function broadcasts(data: AppData, call: Call): Answer {
  const skip = Number(call.query.get("skip") ?? 0);
  return ok((data.broadcasts[call.query.get("conv_id") ?? ""] ?? []).slice(skip, skip + limitOf(call)));
}

/** Ten clients a page, whatever was asked for; `next` leads on. */
export function clients(list: Record<string, string[]>, call: Call, conversation: string): Answer {
  const all = list[conversation] ?? [];
  const start = Number(call.query.get("next") ?? 0);
  const end = start + Math.min(10, limitOf(call));
  return ok({ client_ids: all.slice(start, end), ...(end < all.length && { next: String(end) }) });
}

export function unread(data: AppData, call: Call, client: string): Answer {
  return ok({ count: data.unread[`${client} ${call.query.get("conv_id")}`] ?? 0 });
}
