import type { Decision } from "../../model/app-events.ts";
import type { MessageRecord } from "../../model/records.ts";
import * as clientEvents from "../../protocol/client-events.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import { correctionRecord, joinRecords, storedRecord } from "../../protocol/link-records.ts";
import type { Refused } from "../../protocol/outcome.ts";
import * as replies from "../../protocol/replies.ts";
import type { Settings } from "../../settings/schema.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { relayedEntry, relayedFrames } from "../delivery/relayed-frames.ts";
import { NO_ORIGIN, skippedEntryRecord } from "../delivery/skipped-entry.ts";
import type { Subscription } from "../delivery/subscription.ts";
import type { EventRecorder } from "../event-recorder.ts";
import { historyVisibleFrom, isVisibleTo } from "../log/visibility.ts";
import type { ChangeThere } from "../mirror/change-there.ts";
import { APPROVED_AS_SENT, type Approved, type ChangedBy, type PolicyChecks } from "../policy.ts";
import type { Replier } from "../replier.ts";
import type { Downstream } from "../room/downstream.ts";
import type { MessageLocation, PatchByServer } from "../server-calls.ts";
import { sendToAudiences } from "../service/audience-frames.ts";
import type { ConversationState } from "../state.ts";
import { type Patch, resultFor, resultOf } from "./patch-result.ts";

export interface PatchesHost {
  now(): number;
  /** As last read. */
  settings(): Settings;
  /** Something was appended that D1 lacks. */
  archiveSoon(): void;
  /** A message was changed for everybody in this turn. */
  mirrorChange(message: MessageRecord): void;
}

/** A log entry that changes a message, with the records for those who may see it and those who may not. */
interface PatchEntry {
  message: MessageRecord;
  record: Uint8Array;
  /** For clients that may not see the message. */
  hidden: Uint8Array;
}

/** Edits and recalls: a message is rewritten in place, and all members that may see it are notified (M-11 to M-24). */
export class Patches {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #replier: Replier;
  readonly #policy: PolicyChecks;
  readonly #recorder: EventRecorder;
  readonly #downstream: Downstream;
  readonly #flush: () => void;
  readonly #host: PatchesHost;

  /** @param flush commits the messages that wait to be stored */
  constructor(
    state: ConversationState,
    delivery: Delivery,
    replier: Replier,
    policy: PolicyChecks,
    recorder: EventRecorder,
    downstream: Downstream,
    flush: () => void,
    host: PatchesHost,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#replier = replier;
    this.#policy = policy;
    this.#recorder = recorder;
    this.#downstream = downstream;
    this.#flush = flush;
    this.#host = host;
  }

  /**
   * Applies all patches of a command that are for this conversation, or none of them, if the rules and the app's policy
   * allow it.
   */
  async patch(subscription: Subscription, command: CommandOf<"message.patch">): Promise<void> {
    const { id } = this.#state.facts;
    const patches = command.patches.filter((patch) => patch.conversationId === id);
    const isChecked = command.needsCheck && this.#refusal(subscription, patches) === undefined;
    const approved: Approved[] = [];
    for (const patch of isChecked ? patches : []) {
      const outcome = await this.#policy.checkPatch(subscription, patch);
      if ("error" in outcome) {
        const { appCode: code, appMessage: why } = outcome;
        this.#record("messageRefused", subscription, patch, { by: ["hook"], code, why });
        return this.#replier.reject(subscription, command.serial, outcome);
      }
      approved.push(outcome);
    }
    this.#flush();
    this.#patchApproved(subscription, command.serial, patches, approved);
  }

  #record(
    name: Decision["name"],
    { clientId: from }: Subscription,
    { messageId }: Patch,
    by: ChangedBy,
  ): void {
    this.#recorder.recordDecision({ name, from, messageId, isPatch: true, ...by });
  }

  /** Why these patches are refused, all together; undefined if they are allowed. */
  #refusal(subscription: Subscription, patches: readonly Patch[]): ErrorName | undefined {
    const { clientId } = subscription;
    if (!this.#state.mayWrite(clientId)) return "INVALID_MESSAGING_TARGET";
    // Who is silenced may still take back what they said.
    const isHeard = patches.some(({ recall }) => !recall);
    const silence = isHeard ? this.#state.writeRefusal(clientId, this.#host.now()) : undefined;
    if (silence !== undefined) return silence;
    for (const patch of patches) {
      const message = this.#state.log.find(patch.timestamp, patch.messageId);
      // What the app's server sent in a client's name is the service's.
      const isServices = this.#state.rules.isService && message?.recipients?.length !== 0;
      if (message !== undefined && isServices) return "MESSAGE_OWNERSHIP_REQUIRED";
      const refusal = refusalOf(clientId, patch, message);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** @param approved the verdict of the app's policy on each of the patches */
  #patchApproved(
    subscription: Subscription,
    serial: number | undefined,
    patches: readonly Patch[],
    approved: readonly Approved[],
  ): void {
    const refusal = this.#refusal(subscription, patches);
    if (refusal !== undefined) return this.#replier.refuse(subscription, serial, refusal);
    const before = this.#state.log.end;
    const entries: PatchEntry[] = [];
    const corrections: Uint8Array[] = [];
    let lastPatchTime = 0;
    for (const [at, patch] of patches.entries()) {
      const message = this.#state.log.find(patch.timestamp, patch.messageId);
      if (message === undefined) continue;
      // Recalled already: the command was repeated.
      if (message.recalled && message.patchedAt !== undefined) {
        lastPatchTime = Math.max(lastPatchTime, message.patchedAt);
        continue;
      }
      const { content, reason, to, changedBy } = approved[at] ?? APPROVED_AS_SENT;
      const recipients = this.#state.service === undefined ? (to ?? message.recipients) : message.recipients;
      const changes = { ...resultOf(patch), recipients, ...(content === undefined ? {} : { content }) };
      const entry = this.#append(message, changes, subscription.origin);
      entries.push(entry);
      if (changedBy !== undefined) this.#record("messageChanged", subscription, patch, changedBy);
      lastPatchTime = entry.message.patchedAt ?? 0;
      if (content !== undefined) corrections.push(this.#event(entry.message, reason));
    }
    this.#replier.reply(subscription, serial, replies.messagesPatched(serial, { lastPatchTime }));
    // The session that made an edit skips its own copy, and must be sent the final text (M-18).
    if (corrections.length > 0)
      this.#delivery.send(subscription, joinRecords(corrections.map(correctionRecord)));
    this.#broadcast(entries, before);
  }

  /** An edit or recall by the app's server, which is not bound by the rules for clients (http-api §2.1). */
  patchByServer(patch: PatchByServer): undefined | Refused {
    const message = this.#find(patch);
    if ("refused" in message) return message;
    const refusal = this.#state.service?.patchRefusal(message, patch);
    if (refusal !== undefined) return refusal;
    if (message.recalled && !patch.recall) return { refused: "MESSAGE_NOT_FOUND" };
    if (message.recalled) return undefined;
    const before = this.#state.log.end;
    const entry = this.#append(message, resultFor(message, patch), NO_ORIGIN);
    if (patch.silent) this.#sendHidden(entry.hidden);
    else this.#broadcast([entry], before);
    return undefined;
  }

  /** An edit or recall that was made at LeanCloud, so it does not go there. */
  patchFromThere({ place, content }: ChangeThere): void {
    const message = this.#state.log.at(place);
    if (message === undefined) return;
    const before = this.#state.log.end;
    const patch = content === undefined ? { recall: true as const } : { recall: false as const, content };
    this.#show([this.#append(message, resultFor(message, patch), NO_ORIGIN)], before);
  }

  /** Deletes a message from the server's copy; devices keep theirs (http-api §2.1). */
  delete(which: MessageLocation): undefined | Refused {
    const message = this.#find(which);
    if ("refused" in message) return message;
    this.#state.service?.globals.end(message.timestamp);
    const position = { timestamp: this.#state.nextTime(this.#host.now()), previous: this.#previous };
    this.#state.log.patched.delete(message.timestamp, position.timestamp);
    this.#sendHidden(skippedEntryRecord(position.timestamp, position.previous));
    return undefined;
  }

  /** The entry before the next one, for those who are sent both. */
  get #previous(): number {
    return this.#downstream.previous(this.#state.log.end);
  }

  /** An entry that shows nothing: subscriptions advance past it, other members with their next message. */
  #sendHidden(hidden: Uint8Array): void {
    if (this.#state.service === undefined) {
      for (const subscription of this.#delivery.audience().subscriptions)
        this.#delivery.send(subscription, hidden);
      this.#delivery.relay(() => [relayedEntry(hidden, this.#state.log.end)]);
    }
    this.#host.archiveSoon();
  }

  #find({ timestamp, messageId, from }: MessageLocation): MessageRecord | Refused {
    const message = this.#state.log.find(timestamp, messageId);
    if (message === undefined) return { refused: "MESSAGE_NOT_FOUND" };
    if (from !== undefined && message.from !== from) return { refused: "MESSAGE_OWNERSHIP_REQUIRED" };
    return message;
  }

  #append(message: MessageRecord, changes: Partial<MessageRecord>, origin: number): PatchEntry {
    const { log, service } = this.#state;
    const previous = service?.previousOf(service.audienceOf(message), log.end) ?? this.#previous;
    const position = { timestamp: this.#state.nextTime(this.#host.now()), previous };
    const patched = { ...message, ...changes, patchedAt: position.timestamp };
    this.#state.log.patched.rewrite(patched);
    this.#state.service?.patched(patched);
    return {
      message: patched,
      record: storedRecord(position, origin, { patch: true }, this.#event(patched)),
      hidden: skippedEntryRecord(position.timestamp, position.previous),
    };
  }

  #event(message: MessageRecord, reason?: { code: number; detail: string }): Uint8Array {
    return clientEvents.patched({ conversationId: this.#state.facts.id, message, reason });
  }

  #broadcast(entries: PatchEntry[], before: number): void {
    if (entries.length === 0) return;
    for (const { message } of entries) this.#host.mirrorChange(message);
    this.#show(entries, before);
  }

  /** Sends to all subscriptions at once, and wakes the other sessions of members. */
  #show(entries: PatchEntry[], before: number): void {
    const { service } = this.#state;
    if (service !== undefined) {
      const sent = entries.map(({ message, record }) => {
        const { patchedAt: at = message.timestamp } = message;
        const audience = service.audienceOf(message);
        return { audience, record, at, origin: NO_ORIGIN, exceptClient: undefined };
      });
      sendToAudiences(this.#delivery, sent, before);
      return this.#host.archiveSoon();
    }
    const settings = this.#host.settings();
    this.#delivery.relay(() =>
      relayedFrames(entries.map((entry) => ({ ...entry, at: entry.message.patchedAt ?? 0 }))),
    );
    for (const other of this.#delivery.audience().subscriptions) {
      const member = this.#state.members.get(other.clientId);
      const from = member === undefined ? 0 : historyVisibleFrom(settings, member);
      const shown = entries.map(({ message, record, hidden }) =>
        isVisibleTo(other.clientId, message) && message.timestamp > from ? record : hidden,
      );
      this.#delivery.send(other, joinRecords(shown));
    }
    this.#delivery.storedAfter(before);
    this.#host.archiveSoon();
  }
}

/** Why a client may not patch a message: it is missing, not the client's own (M-13, M-21), or recalled for good. */
function refusalOf(
  clientId: string,
  patch: Patch,
  message: MessageRecord | undefined,
): ErrorName | undefined {
  if (message === undefined) return "MESSAGE_NOT_FOUND";
  if (message.from !== clientId) return "MESSAGE_OWNERSHIP_REQUIRED";
  return message.recalled && !patch.recall ? "MESSAGE_NOT_FOUND" : undefined;
}
