import type { Refused } from "../model/outcome.ts";
import type { MessageRecord } from "../model/records.ts";
import * as pushes from "../protocol/client-events.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import { correctionRecord, joinRecords, storedRecord } from "../protocol/link-records.ts";
import * as replies from "../protocol/replies.ts";
import type { Delivery } from "./delivery.ts";
import type { Subscription } from "./delivery-state.ts";
import { isVisibleTo } from "./log.ts";
import type { MessagesHost } from "./messages.ts";
import { seesFrom } from "./past.ts";
import { APPROVED_AS_SENT, type Approved } from "./policy.ts";
import { NO_ORIGIN, skippedEntryRecord } from "./replay.ts";
import type { Replier } from "./replier.ts";
import type { MessageLocation, PatchByServer } from "./server-calls.ts";
import type { ConversationState } from "./state.ts";

/** What every SDK takes for a recalled message, by its type number (M-22). */
const RECALLED = '{"_lctype":-127}';

type Patch = CommandOf<"message.patch">["patches"][number];

/** A step of the log that changes a message, with what of it is shown to whom. */
interface Step {
  message: MessageRecord;
  record: Uint8Array;
  /** For those who are not to see it. */
  hidden: Uint8Array;
}

/** Edits and recalls: a message is rewritten in its place, and everybody is told (M-11 to M-24). */
export class Patches {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #answers: Replier;
  readonly #host: MessagesHost;

  constructor(state: ConversationState, delivery: Delivery, answers: Replier, host: MessagesHost) {
    this.#state = state;
    this.#delivery = delivery;
    this.#answers = answers;
    this.#host = host;
  }

  /** Those patches of a command that are for this conversation. */
  mine(command: CommandOf<"message.patch">): Patch[] {
    const { id } = this.#state.facts;
    return command.patches.filter((patch) => patch.conversationId === id);
  }

  /** Why they cannot be made, all of them; undefined if they can. */
  refusal(subscription: Subscription, patches: readonly Patch[]): ErrorName | undefined {
    if (!this.#state.members.has(subscription.clientId)) return "INVALID_MESSAGING_TARGET";
    for (const patch of patches) {
      const message = this.#state.log.find(patch.timestamp, patch.messageId);
      const refusal = refusalOf(subscription.clientId, patch, message);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /**
   * Makes all patches of a command that are for this conversation, or none of them.
   *
   * @param needsCheck what the app's policy made of each of `mine`
   */
  patch(
    subscription: Subscription,
    command: CommandOf<"message.patch">,
    needsCheck: readonly Approved[] = [],
  ): void {
    const { serial } = command;
    const mine = this.mine(command);
    const refusal = this.refusal(subscription, mine);
    if (refusal !== undefined) return this.#answers.refuse(subscription, serial, refusal);
    const before = this.#state.log.end;
    const steps: Step[] = [];
    const corrections: Uint8Array[] = [];
    let lastPatchTime = 0;
    for (const [at, patch] of mine.entries()) {
      const message = this.#state.log.find(patch.timestamp, patch.messageId);
      if (message === undefined) continue;
      // Recalled already: a repetition of what was done.
      if (message.recalled && message.patchedAt !== undefined) {
        lastPatchTime = Math.max(lastPatchTime, message.patchedAt);
        continue;
      }
      const { content, reason, to = message.recipients } = needsCheck[at] ?? APPROVED_AS_SENT;
      const changes = { ...resultOf(patch), recipients: to, ...(content === undefined ? {} : { content }) };
      const step = this.#step(message, changes, subscription.origin);
      steps.push(step);
      lastPatchTime = step.message.patchedAt ?? 0;
      if (content !== undefined) corrections.push(this.#push(step.message, reason));
    }
    this.#answers.reply(subscription, serial, replies.messagesPatched(serial, { lastPatchTime }));
    // The session that made an edit skips its own copy, and has to hear what became of it (M-18).
    if (corrections.length > 0)
      this.#delivery.send(subscription, joinRecords(corrections.map(correctionRecord)));
    this.#tell(steps, before);
  }

  /** The app's server edits or recalls, whatever clients may do (http-api §2.1). */
  patchByServer(patch: PatchByServer): undefined | Refused {
    const message = this.#found(patch);
    if ("refused" in message) return message;
    if (message.recalled && !patch.recall) return { refused: "MESSAGE_NOT_FOUND" };
    if (message.recalled) return undefined;
    const { mentionAll, mentions } = message;
    const changes = patch.recall
      ? resultOf({ recall: true })
      : resultOf({ recall: false, content: patch.content, mentionAll, mentions });
    const before = this.#state.log.end;
    const step = this.#step(message, changes, NO_ORIGIN);
    if (patch.silent) this.#pass(step.hidden);
    else this.#tell([step], before);
    return undefined;
  }

  /** Takes a message out of the server's copy; devices keep what they have (http-api §2.1). */
  delete(which: MessageLocation): undefined | Refused {
    const message = this.#found(which);
    if ("refused" in message) return message;
    const place = { timestamp: this.#state.tick(this.#host.now()), previous: this.#state.log.end };
    this.#state.log.delete(message.timestamp, place.timestamp);
    this.#pass(skippedEntryRecord(place.timestamp, place.previous));
    return undefined;
  }

  /** A step that shows nobody anything: subscriptions are past it, and who has none finds out with the next message. */
  #pass(hidden: Uint8Array): void {
    for (const subscription of this.#delivery.audience().subscriptions)
      this.#delivery.send(subscription, hidden);
    this.#host.archiveSoon();
  }

  #found({ timestamp, messageId, from }: MessageLocation): MessageRecord | Refused {
    const message = this.#state.log.find(timestamp, messageId);
    if (message === undefined) return { refused: "MESSAGE_NOT_FOUND" };
    if (from !== undefined && message.from !== from) return { refused: "MESSAGE_OWNERSHIP_REQUIRED" };
    return message;
  }

  #step(message: MessageRecord, changes: Partial<MessageRecord>, origin: number): Step {
    const place = { timestamp: this.#state.tick(this.#host.now()), previous: this.#state.log.end };
    const patched = { ...message, ...changes, patchedAt: place.timestamp };
    this.#state.log.patch(patched);
    return {
      message: patched,
      record: storedRecord(place, origin, { patch: true }, this.#push(patched)),
      hidden: skippedEntryRecord(place.timestamp, place.previous),
    };
  }

  #push(message: MessageRecord, reason?: { code: number; detail: string }): Uint8Array {
    return pushes.patched({ conversationId: this.#state.facts.id, message, reason });
  }

  /** Everybody subscribed at once, the others by the relay. */
  #tell(steps: Step[], before: number): void {
    if (steps.length === 0) return;
    const settings = this.#host.settings();
    for (const other of this.#delivery.audience().subscriptions) {
      const member = this.#state.members.get(other.clientId);
      const from = member === undefined ? 0 : seesFrom(settings, member);
      const shown = steps.map(({ message, record, hidden }) =>
        isVisibleTo(other.clientId, message) && message.timestamp > from ? record : hidden,
      );
      this.#delivery.send(other, joinRecords(shown));
    }
    this.#delivery.storedAfter(before);
    this.#host.archiveSoon();
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

type Result = Pick<MessageRecord, "content" | "mentionAll" | "mentions" | "recalled">;

function resultOf(
  patch: { recall: true } | Omit<Patch, "conversationId" | "messageId" | "timestamp" | "size">,
): Result {
  if (patch.recall) return { content: RECALLED, mentionAll: false, mentions: [], recalled: true };
  const { content = "", mentionAll, mentions } = patch;
  return { content, mentionAll, mentions, recalled: false };
}
