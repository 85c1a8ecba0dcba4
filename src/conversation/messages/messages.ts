import type { MessageRecord, Will } from "../../model/records.ts";
import * as clientEvents from "../../protocol/client-events.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import { eventRecord } from "../../protocol/link-records.ts";
import { pushPolicyBy } from "../../push/providers.ts";
import type { Settings } from "../../settings/schema.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { narrowedTo } from "../delivery/relayed-frames.ts";
import { NO_ORIGIN } from "../delivery/skipped-entry.ts";
import type { Subscription } from "../delivery/subscription.ts";
import type { EventRecorder } from "../event-recorder.ts";
import { isDeliveredTo } from "../log/visibility.ts";
import type { HostedMessage } from "../mirror/mirror-host.ts";
import { APPROVED_AS_SENT, type Approved, type PolicyChecks } from "../policy.ts";
import type { Replier } from "../replier.ts";
import type { Downstream } from "../room/downstream.ts";
import type { ServerMessage } from "../server-calls.ts";
import type { ConversationState } from "../state.ts";
import { changeOf, type Draft, isPushedBy, messageOf, UNCHANGED } from "./draft.ts";
import { MessageCommits, type MessageCommitsHost } from "./message-commits.ts";
import { replyToSend, type SendOutcome, senderCorrection, sendRefused } from "./sender-replies.ts";

export interface MessagesHost extends MessageCommitsHost {
  /** As last read. */
  settings(): Settings;
  /** Sends a record to everybody that is online, subscribed or not. */
  sendToEverybody(record: Uint8Array): void;
}

/** Sending messages: those that are stored go to the commits, those that are not go to the clients online. */
export class Messages {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #commits: MessageCommits;
  readonly #replier: Replier;
  readonly #policy: PolicyChecks;
  readonly #recorder: EventRecorder;
  readonly #downstream: Downstream;
  readonly #host: MessagesHost;

  constructor(
    state: ConversationState,
    delivery: Delivery,
    replier: Replier,
    policy: PolicyChecks,
    recorder: EventRecorder,
    downstream: Downstream,
    host: MessagesHost,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#commits = new MessageCommits(state, delivery, recorder, downstream, host);
    this.#downstream = downstream;
    this.#replier = replier;
    this.#policy = policy;
    this.#recorder = recorder;
    this.#host = host;
  }

  /** Sends a session's message, if the app's policy allows it. */
  async send(subscription: Subscription, command: CommandOf<"message.send">): Promise<void> {
    if (!command.needsCheck || this.#isDecided(subscription, command)) {
      return this.#sendApproved(subscription, command, APPROVED_AS_SENT);
    }
    const verdict = await this.#policy.checkMessage(subscription, command);
    if (!("error" in verdict)) return this.#sendApproved(subscription, command, verdict);
    const { serial } = command;
    const { clientId: from } = subscription;
    const { appCode: code, appMessage: why } = verdict;
    const about = { from, messageId: undefined, isPatch: false, by: ["hook"] as const, code, why };
    this.#recorder.recordDecision({ name: "messageRefused", ...about });
    const refused = sendRefused(this.#state.facts.id, serial, verdict, this.#host.now());
    this.#replier.reply(subscription, serial, refused);
  }

  /** Whether a message needs no policy check: it will be refused, or was accepted already (I3). */
  #isDecided(subscription: Subscription, { dedupeToken }: CommandOf<"message.send">): boolean {
    if (this.#state.writeRefusal(subscription.clientId, this.#host.now()) !== undefined) return true;
    this.#commits.flush();
    return (
      dedupeToken !== undefined &&
      this.#state.log.accepted.find(subscription.clientId, dedupeToken, this.#host.now()) !== undefined
    );
  }

  #sendApproved(subscription: Subscription, command: CommandOf<"message.send">, approved: Approved): void {
    const { receipt, mentionAll, mentions, dedupeToken, pushData, serial } = command;
    const draft: Draft = {
      from: subscription.clientId,
      origin: subscription.origin,
      content: approved.content ?? command.content,
      receipt,
      mentionAll,
      mentions,
      priority: command.priority,
      dedupeToken,
      pushData,
      address: subscription.address,
      isPushed: isPushedBy(command.pushes, pushData),
      recipients: this.#state.service === undefined ? approved.to : [],
      noSync: false,
      changed: changeOf(approved),
      changedBy: approved.changedBy,
    };
    if (!command.transient) return this.#commits.add(draft, { subscription, serial });
    this.#commits.flush();
    this.#sendTransient(subscription, serial, draft);
  }

  /** Sends a message of the app's server (http-api §2.2). Its author need not be a member. */
  async sendAsServer({ transient, to, ...message }: ServerMessage): Promise<SendOutcome> {
    const refused = this.#wrongKind(to);
    if (refused !== undefined) return { refused };
    const draft: Draft = {
      ...message,
      // Its sender's devices hear nothing of it, even if they are in the room.
      noSync: message.noSync || this.#state.rules.isRoom,
      origin: NO_ORIGIN,
      receipt: false,
      address: undefined,
      recipients: to?.name === "clients" ? to.clientIds : undefined,
      ...(to?.name === "subscribers" && { broadcast: { to: to.name } }),
      ...(to?.name === "everybody" && { broadcast: { to: to.name, validTill: to.validTill } }),
      changed: undefined,
      isPushed: isPushedBy(pushPolicyBy(this.#host.settings()), message.pushData),
    };
    if (!transient) return new Promise((done) => this.#commits.add(draft, { done }));
    this.#commits.flush();
    const sent = messageOf(draft, this.#state.nextTime(this.#host.now()));
    this.#notifyOnline(draft, sent);
    return { messageId: sent.id, timestamp: sent.timestamp };
  }

  /** Only a service has messages for clients that are named, and broadcasts; it has no others. */
  #wrongKind(to: ServerMessage["to"]): ErrorName | undefined {
    const { isService } = this.#state.rules;
    if (isService === (to !== undefined)) return undefined;
    return isService ? "NORMAL_CONVERSATION_REQUIRED" : "SYSTEM_CONVERSATION_REQUIRED";
  }

  /**
   * Adds a message that was sent at LeanCloud, in this turn. It was pushed from there, and no hook hears of it here.
   * Returns its place; undefined if it could not be stored.
   */
  addFromThere({ id, sentAt, from, content, address }: HostedMessage): number | undefined {
    this.#commits.flush();
    let place: number | undefined;
    const done = (outcome: SendOutcome) => {
      if ("timestamp" in outcome) place = outcome.timestamp;
    };
    const draft: Draft = {
      from,
      content,
      address,
      origin: NO_ORIGIN,
      receipt: false,
      mentionAll: false,
      mentions: [],
      priority: "normal",
      dedupeToken: undefined,
      pushData: undefined,
      isPushed: false,
      recipients: undefined,
      noSync: false,
      changed: undefined,
      sentThere: { id, sentAt },
    };
    this.#commits.add(draft, { done });
    this.#commits.flush();
    return place;
  }

  /** The messages that `send` adds, in its turn, share a commit. */
  together<Result>(send: () => Result): Result {
    return this.#commits.together(send);
  }

  /** Commits the messages that wait for others, before something that must follow them. */
  flush(): void {
    this.#commits.flush();
  }

  /** Sends to clients that are online now, and to none later (I8). */
  #sendTransient(subscription: Subscription, serial: number | undefined, draft: Draft): void {
    const message = messageOf(draft, this.#state.nextTime(this.#host.now()));
    const { id } = this.#state.facts;
    const refusal = this.#state.writeRefusal(subscription.clientId, this.#host.now());
    const outcome: SendOutcome =
      refusal === undefined ? { messageId: message.id, timestamp: message.timestamp } : { refused: refusal };
    if (serial !== undefined)
      this.#replier.reply(subscription, serial, replyToSend(id, serial, outcome, this.#host.now()));
    if ("refused" in outcome) return;
    this.#notifyOnline(draft, message);
    if (draft.changed !== undefined)
      this.#delivery.send(subscription, senderCorrection(id, message, draft.changed));
  }

  #notifyOnline(draft: Draft, message: MessageRecord): void {
    const { id: conversationId, kind } = this.#state.facts;
    const record = eventRecord(clientEvents.message({ conversationId, kind, message, transient: true }));
    const event = { kind: "event" as const, record, isEphemeral: true };
    this.#recorder.recordSent(message, {
      transient: true,
      pushData: undefined,
      isInRow: false,
      changedBy: draft.changedBy,
    });
    // More is sent here than people are to receive (R-08, M-30).
    if (!this.#downstream.admitsTransient(draft.priority, draft.content.length)) return;
    const { origin } = draft;
    if (draft.broadcast?.to === "everybody") this.#host.sendToEverybody(record);
    else if (this.#state.service === undefined || draft.broadcast?.to === "subscribers")
      this.#delivery.notifyMembers(event, { origin, narrowed: narrowedTo(message, undefined) });
    else {
      const recipients = new Set([draft.from, ...(message.recipients ?? [])]);
      const told = [...recipients].filter((clientId) => isDeliveredTo(clientId, message));
      this.#delivery.notify(told, event, origin);
    }
  }

  /**
   * Sends a will to the members that are online (M-47). It is sent like any message but never stored (M-49). A will is
   * dropped if it was sent already, or if its author may not be heard here any more.
   */
  will(from: string, will: Will): void {
    if (this.#state.writeRefusal(from, this.#host.now()) !== undefined) return;
    if (this.#state.notices.hasWill(will.id)) return;
    const timestamp = this.#state.nextTime(this.#host.now());
    this.#state.notices.keep({ kind: "will", messageId: will.id }, timestamp);
    const message = { ...will, from, timestamp, ...UNCHANGED, receipt: false };
    const { id: conversationId, kind } = this.#state.facts;
    const record = eventRecord(clientEvents.message({ conversationId, kind, message }));
    this.#delivery.notifyMembers({ kind: "event", record, isEphemeral: true }, { origin: NO_ORIGIN });
  }
}
