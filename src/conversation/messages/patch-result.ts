import type { MessageRecord } from "../../model/records.ts";
import type { CommandOf } from "../../protocol/commands.ts";

/** One edit or recall of a command. */
export type Patch = CommandOf<"message.patch">["patches"][number];

/** The content of a recalled message; every SDK knows it by the type number (M-22). */
const RECALLED = '{"_lctype":-127}';

/** What a patch makes of a message. */
type Result = Pick<MessageRecord, "content" | "mentionAll" | "mentions" | "recalled">;

/** By the app's server or by LeanCloud: who is mentioned stays as it was. */
export function resultFor(
  { mentionAll, mentions }: MessageRecord,
  patch: { recall: true } | { recall: false; content: string | Uint8Array },
): Result {
  return resultOf(patch.recall ? patch : { ...patch, mentionAll, mentions });
}

/** By a client. */
export function resultOf(
  patch: { recall: true } | Omit<Patch, "conversationId" | "messageId" | "timestamp" | "size">,
): Result {
  if (patch.recall) return { content: RECALLED, mentionAll: false, mentions: [], recalled: true };
  const { content = "", mentionAll, mentions } = patch;
  return { content, mentionAll, mentions, recalled: false };
}
