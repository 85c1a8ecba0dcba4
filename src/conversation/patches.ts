import type { MessageRecord } from "../history/records.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import { joinRecords, storedRecord } from "../protocol/link-records.ts";
import * as pushes from "../protocol/pushes.ts";
import * as replies from "../protocol/replies.ts";
import type { Answers } from "./answers.ts";
import type { Delivery } from "./delivery.ts";
import type { Link } from "./lanes.ts";
import type { MessagesHost } from "./messages.ts";
import type { ConversationState } from "./state.ts";

/** What every SDK takes for a recalled message, by its type number (M-22). */
const RECALLED = '{"_lctype":-127}';

type Patch = CommandOf<"message.patch">["patches"][number];

/** Edits and recalls: a message is rewritten in its place, and everybody is told (M-11 to M-24). */
export class Patches {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #answers: Answers;
  readonly #host: MessagesHost;

  constructor(state: ConversationState, delivery: Delivery, answers: Answers, host: MessagesHost) {
    this.#state = state;
    this.#delivery = delivery;
    this.#answers = answers;
    this.#host = host;
  }

  /** All patches of a command that are for this conversation, or none of them. */
  patch(link: Link, command: CommandOf<"message.patch">): void {
    const { serial } = command;
    if (!this.#state.members.has(link.clientId)) {
      return this.#answers.refuse(link, serial, "INVALID_MESSAGING_TARGET");
    }
    const { id } = this.#state.facts;
    const wanted: { patch: Patch; message: MessageRecord }[] = [];
    for (const patch of command.patches) {
      if (patch.conversationId !== id) continue;
      const message = this.#state.log.find(patch.timestamp, patch.messageId);
      const refusal = refusalOf(link.clientId, patch, message);
      if (message === undefined || refusal !== undefined) {
        return this.#answers.refuse(link, serial, refusal ?? "MESSAGE_NOT_FOUND");
      }
      wanted.push({ patch, message });
    }
    const before = this.#state.log.end;
    const records: Uint8Array[] = [];
    let lastPatchTime = 0;
    for (const { patch, message } of wanted) {
      // Recalled already: a repetition of what was done.
      if (message.recalled && message.patchedAt !== undefined) {
        lastPatchTime = Math.max(lastPatchTime, message.patchedAt);
        continue;
      }
      const place = { timestamp: this.#state.tick(this.#host.now()), previous: this.#state.log.end };
      const patched = { ...message, ...resultOf(patch), patchedAt: place.timestamp };
      this.#state.log.patch(patched);
      records.push(this.#record(patched, place, link.origin));
      lastPatchTime = place.timestamp;
    }
    this.#answers.reply(link, serial, replies.messagesPatched(serial, { lastPatchTime }));
    if (records.length === 0) return;
    const shared = joinRecords(records);
    for (const other of this.#delivery.audience().links) this.#delivery.send(other, shared);
    this.#delivery.storedAfter(before);
    this.#host.archiveSoon();
  }

  #record(
    message: MessageRecord,
    place: { timestamp: number; previous: number },
    origin: number,
  ): Uint8Array {
    const push = pushes.patched({ conversationId: this.#state.facts.id, message });
    return storedRecord(place, origin, { patch: true }, push);
  }
}

/** Why a client may not patch a message: not there, not his (M-13, M-21), or taken back for good. */
function refusalOf(
  clientId: string,
  patch: Patch,
  message: MessageRecord | undefined,
): ErrorName | undefined {
  if (message === undefined) return "MESSAGE_NOT_FOUND";
  if (message.from !== clientId) return "MESSAGE_OWNERSHIP_REQUIRED";
  return message.recalled && !patch.recall ? "MESSAGE_NOT_FOUND" : undefined;
}

function resultOf(patch: Patch): Pick<MessageRecord, "content" | "mentionAll" | "mentions" | "recalled"> {
  if (patch.recall) return { content: RECALLED, mentionAll: false, mentions: [], recalled: true };
  const { content = "", mentionAll, mentions } = patch;
  return { content, mentionAll, mentions, recalled: false };
}
