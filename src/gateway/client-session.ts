import { SUBSCRIPTIONS_OPENING, SUBSCRIPTIONS_PAUSED } from "../bounds.ts";
import type { LoginProof } from "../client/credentials.ts";
import type { ProvenRequest } from "../client/session.ts";
import {
  type ConversationCommand,
  isConversationCommand,
  refusalWithoutConversation,
} from "../conversation/commands.ts";
import { isConversationId, newMessageId, timeOfMessageId } from "../conversation/ids.ts";
import { loggableError } from "../loggable-error.ts";
import { addressed, clientIdField } from "../protocol/addressing.ts";
import * as clientEvents from "../protocol/client-events.ts";
import type { Command, CommandOf } from "../protocol/commands.ts";
import { withDedupeToken } from "../protocol/dedupe.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type {
  SessionControl,
  SessionReport,
  SubscriptionRequest,
  SyncMode,
} from "../protocol/link-controls.ts";
import { linkClose } from "../protocol/link-controls.ts";
import {
  type LinkRecord,
  type LogPosition,
  newOrigin,
  readControl,
  readRecords,
} from "../protocol/link-records.ts";
import type { Refused } from "../protocol/outcome.ts";
import { partsOfPatch, partsOfRead } from "../protocol/parts.ts";
import * as replies from "../protocol/replies.ts";
import { withSeenVersions } from "../protocol/seen-version.ts";
import type { Backlog, WaitingSend } from "./backlog.ts";
import { CatchUpWait } from "./catch-up-wait.ts";
import {
  ConversationSubscription,
  type Forwarded,
  type SubscriptionOwner,
} from "./conversation-subscription.ts";
import { DeliveredNotices } from "./delivered-notices.ts";
import { DialQueue } from "./dial-queue.ts";
import { JavaReplies } from "./java-replies.ts";
import type { Dial, LinkSocket } from "./link-socket.ts";
import { PendingRequests } from "./pending-requests.ts";
import { Positions } from "./positions.ts";
import { SeenVersions } from "./seen-versions.ts";
import { SentUnreadCounts } from "./sent-unread-counts.ts";
import { SubscriptionTable } from "./subscription-table.ts";
import { UnacknowledgedMessages } from "./unacknowledged-messages.ts";

/** What a session needs of its gateway. */
export interface SessionOwner {
  now(): number;
  /** The id of the user's socket. */
  connectionId: string;
  dialSession: Dial<ProvenRequest>;
  /** Checks the credentials of a login, before the client's object is called. */
  judge(clientId: string, command: CommandOf<"session.open">): Promise<LoginProof | Refused>;
  /** A login of this session was refused, by the gateway or by the client's object. */
  loginRefused(error: ErrorName | undefined): void;
  dialConversation: Dial<SubscriptionRequest>;
  /** Whether a conversation with this id may exist. Rejects if that cannot be found out. */
  mayExist(conversationId: string): Promise<boolean>;
  /** Counts the sends that wait for an answer; undefined if the app's policy takes time of its own. */
  backlog: Backlog | undefined;
  subscriptionLimit(): number;
  /** The number of subscriptions changed by this many. */
  subscriptionsChanged(by: number): void;
  /** Writes a whole frame, with its client id, to the user's socket. */
  send(frame: Uint8Array): void;
  /** Calls `run` once after this many milliseconds. Returns a function that cancels it. */
  timer(milliseconds: number, run: () => void): () => void;
  /** The client is logged in. */
  opened(): void;
  /** The session ended in good order. */
  ended(session: ClientSession): void;
  /** Handles commands that waited for the end of this session, from the next login on. */
  resume(rest: QueuedCommand[]): void;
  /** Something failed that only a new login repairs: the user's socket has to close. */
  broken(): void;
  /** The device is asked to reconnect. */
  goingAway(): void;
  /** A message is sent to this client. */
  sendingMessage(clientId: string, payload: Uint8Array): void;
}

/** Events wait this long (ms) after `opened`: C# accepts events for its client only a moment later (gotcha 40). */
const SETTLE = 150;
const CLOSE_DEADLINE = 5_000; // ms that a `session/close` waits for the answers to earlier commands
/** Capability bits (wire §4.1). */
const SHOWS_PATCHES = 1;
const TRANSIENT_ACK = 8;
/** Subscriptions over the limit that may be open at once: those that were opening when none could be evicted. */
const SUBSCRIPTIONS_OVER_LIMIT = 16;
/** Number of conversations remembered as not asking for acknowledgements. */
const SILENT_MAX = 2_000;
/** A subscription used within this time (ms) is not evicted for one that only follows a sibling session. */
const IN_USE = 5_000;

/** A command that waits for a login. */
export interface QueuedCommand {
  command: Command;
  frame: Uint8Array;
}

type Phase = "connecting" | "opening" | "open" | "closing" | "over";

/** One client on one user socket: its session link, its subscriptions, and its position in each conversation. */
export class ClientSession implements SubscriptionOwner {
  readonly clientId: string;
  readonly #owner: SessionOwner;
  readonly #mode: SyncMode;
  readonly #address: string | undefined;
  readonly #sessionId = crypto.randomUUID();
  readonly #origin = newOrigin();
  readonly #field: Uint8Array;
  readonly #dialQueue: DialQueue<SubscriptionRequest>;
  readonly #subscriptions = new SubscriptionTable((by) => this.#owner.subscriptionsChanged(by));
  readonly #positions = new Positions((conversationId) => this.#subscriptions.has(conversationId));
  readonly #deliveredNotices = new DeliveredNotices((conversationId) =>
    this.#subscriptions.has(conversationId),
  );
  readonly #seenVersions = new SeenVersions();
  readonly #sentCounts = new SentUnreadCounts();
  /** Conversations of which messages arrived that are older than the login. */
  readonly #receivedOld = new Set<string>();
  /** When the client's object opened the session (ms). The session is not sent again what was so before. */
  #admittedAt = 0;
  /** Conversations whose catch-up is not complete, and the records and frames that wait for it. */
  readonly #catchingUp = new Map<
    string,
    { subscribe: boolean; relayed: Uint8Array[]; frames: Forwarded[] }
  >();
  readonly #catchUpWait = new CatchUpWait();
  #phase: Phase = "connecting";
  #socket: LinkSocket | undefined;
  #queued: QueuedCommand[] = [];
  /** Called once the inbox has the conversation, by conversation id. */
  readonly #inboxConfirmations = new Map<string, () => void>();
  readonly #pending = new PendingRequests();
  /** Sends that are counted in the backlog, by serial. */
  readonly #backlogEntries = new Map<number, { backlog: Backlog; waiting: WaitingSend }>();
  #javaReplies: JavaReplies | undefined;
  readonly #redelivery: UnacknowledgedMessages | undefined;
  /** Conversations that ask for no acknowledgements, as far as is known. */
  readonly #withoutReceipts = new Set<string>();
  #capabilities = 0;
  /** A `session/close` that waits until all earlier commands are answered (I10). */
  #closing: { frame: Uint8Array; cancel: () => void } | undefined;
  /** Events held back for a moment after the login; undefined later. */
  #heldEvents: Uint8Array[] | undefined;
  #cancelSettling: (() => void) | undefined;

  /** @param address the address of the device */
  constructor(owner: SessionOwner, clientId: string, mode: SyncMode, address: string | undefined) {
    this.#owner = owner;
    this.clientId = clientId;
    this.#mode = mode;
    this.#address = address;
    this.#field = clientIdField(clientId);
    if (mode === "push") {
      const send = (payload: Uint8Array) => this.#sendEvent(payload);
      const timer = (milliseconds: number, run: () => void) => owner.timer(milliseconds, run);
      this.#redelivery = new UnacknowledgedMessages({ now: () => owner.now(), send, timer }, clientId);
    }
    const dial: Dial<SubscriptionRequest> = async (request, events) => {
      // A name that nobody has gets neither an object nor a row in the inbox.
      const isSeen = request.since !== undefined;
      if (!isSeen && !(await owner.mayExist(request.conversationId))) return "missing";
      await this.#confirmInbox(request.conversationId);
      return owner.dialConversation(request, events);
    };
    this.#dialQueue = new DialQueue(dial, (delay, run) => owner.timer(delay, run));
  }

  get dial(): Dial<SubscriptionRequest> {
    return this.#dialQueue.dial;
  }

  get #isOver(): boolean {
    return this.#phase === "over";
  }

  get isOpen(): boolean {
    return this.#phase === "open";
  }

  /** Whether the session takes commands: not after `session/close`, unless the next login waits already. */
  get isUsable(): boolean {
    return this.#phase === "closing" ? this.#queued.length > 0 : this.#phase !== "over";
  }

  now(): number {
    return this.#owner.now();
  }

  /**
   * Checks the login, opens a link to the client's object and forwards the login. Commands that arrive meanwhile wait,
   * in order. A login that is refused here wakes no object.
   */
  async open(command: CommandOf<"session.open">, frame: Uint8Array): Promise<void> {
    this.#javaReplies = JavaReplies.of(command.userAgent);
    const early: Uint8Array[] = [];
    const events = {
      frame: (data: Uint8Array) => {
        if (this.#socket === undefined) early.push(data);
        else this.#onSessionFrame(data);
      },
      closed: () => {
        if (this.#phase !== "over") this.#owner.broken();
      },
    };
    try {
      const proof = await this.#owner.judge(this.clientId, command);
      if (this.#isOver) return;
      if ("refused" in proof) return this.#refuseLogin(command.serial, proof);
      const request = {
        clientId: this.clientId,
        sessionId: this.#sessionId,
        mode: this.#mode,
        connectionId: this.#owner.connectionId,
        address: this.#address,
        proof,
      };
      const socket = await this.#owner.dialSession(request, events);
      if (socket === "missing") throw new Error("no client object");
      if (this.#isOver) return socket.close(linkClose.LOST);
      this.#socket = socket;
      this.#phase = "opening";
      socket.send(frame);
      for (const data of early) this.#onSessionFrame(data);
    } catch (error) {
      console.error("session subscription:", loggableError(error));
      // Some SDKs treat an error to a login as final. After a closed socket, all of them reconnect.
      if (this.#phase !== "over") this.#owner.broken();
    }
  }

  /** Routes one command of this client: to the conversation it names, or else to the client's object. */
  handle(command: Command, frame: Uint8Array): void {
    if (this.#phase !== "open") {
      this.#queued.push({ command, frame });
      return;
    }
    if (command.name === "session.open") {
      this.#socket?.send(frame); // it is answered again and changes nothing
      return;
    }
    if (command.name === "session.close") {
      this.#phase = "closing";
      this.#closing = { frame, cancel: this.#owner.timer(CLOSE_DEADLINE, () => this.#sendClose()) };
      return this.#closeOnceAnswered();
    }
    const { serial } = command;
    // The client's object keeps the will, whatever conversation it is for (M-48).
    if (!isConversationCommand(command) || (command.name === "message.send" && command.will)) {
      if (serial !== undefined) this.#pending.add(serial);
      this.#javaReplies?.requested(command);
      const isQuery = command.name === "conversation.query";
      this.#socket?.send(isQuery ? withSeenVersions(frame, this.#seenVersions.recent(this.now())) : frame);
      return;
    }
    if (command.name === "message.acknowledge") return this.#acknowledge(command, frame);
    if (command.name === "message.send") {
      if (command.transient && (this.#capabilities & TRANSIENT_ACK) === 0) {
        // An SDK that cannot handle the answer gets none: without a serial, no reply is sent.
        return this.#toConversation(command.conversationId, {
          command: { ...command, serial: undefined },
          frame,
        });
      }
      if (command.dedupeToken === undefined && serial !== undefined) {
        // C# sends no token, and a subscription may break between the message and its ack.
        const dedupeToken = `${this.#sessionId}/${serial}`;
        return this.handle({ ...command, dedupeToken }, withDedupeToken(frame, dedupeToken));
      }
    }
    if (command.name === "read") return this.#toEach(partsOfRead(command, frame), command, 1);
    if (command.name === "message.patch") {
      const parts = partsOfPatch(command, frame);
      return this.#toEach(parts, command, parts.length);
    }
    if (serial !== undefined) this.#pending.add(serial);
    if (serial !== undefined && command.name === "message.send")
      this.#noteWait(serial, command.conversationId);
    this.#toConversation(command.conversationId, { command, frame });
  }

  #noteWait(serial: number, conversationId: string): void {
    const { backlog } = this.#owner;
    if (backlog === undefined || this.#backlogEntries.has(serial)) return;
    this.#backlogEntries.set(serial, { backlog, waiting: backlog.forwarded(conversationId, this.now()) });
  }

  /** Forwards a command for several conversations: each of them receives its own part. */
  #toEach(
    parts: readonly (Forwarded & { conversationId: string })[],
    { serial }: Command,
    answers: number,
  ): void {
    if (serial !== undefined) this.#pending.add(serial, answers);
    if (parts.length === 0) this.#answer(serial, replies.errorReply(serial, "CONVERSATION_NOT_FOUND"));
    for (const { conversationId, ...forwarded } of parts) this.#toConversation(conversationId, forwarded);
  }

  /**
   * Forwards an acknowledgement only if the conversation asks for it: in a large group, one for each message would cost
   * more than the message itself.
   */
  #acknowledge(command: ConversationCommand & { name: "message.acknowledge" }, frame: Uint8Array): void {
    const { serial, conversationId, messageId, to } = command;
    if (serial !== undefined) this.#refuse(serial, "UNSUPPORTED_COMMAND");
    if (conversationId === undefined || this.#withoutReceipts.has(conversationId)) return;
    const upTo = to ?? (messageId === undefined ? undefined : timeOfMessageId(messageId));
    if (upTo !== undefined) this.#redelivery?.acknowledged(conversationId, upTo);
    this.#toConversation(conversationId, { command: { ...command, serial: undefined }, frame });
  }

  /** The user's socket is closed, or the session is ended from outside. */
  close(code: number): void {
    this.#end(code);
  }

  /** Sends this client a frame. */
  send(frame: Uint8Array): void {
    this.#owner.send(addressed(frame, this.#field));
  }

  // Called by the subscriptions of this session.

  request(conversationId: string) {
    const since = this.#positions.at(conversationId);
    const session = { clientId: this.clientId, sessionId: this.#sessionId, origin: this.#origin };
    const { mode, address } = { mode: this.#mode, address: this.#address };
    return { ...session, mode, since, admittedAt: this.#admittedAt, address };
  }

  receive(conversationId: string, records: LinkRecord[]): void {
    for (const record of records) this.#receive(conversationId, record);
  }

  /** Handles one record of a conversation. Returns whether it was new, and of a kind that more may follow. */
  #receive(conversationId: string, record: LinkRecord): boolean {
    switch (record.kind) {
      case "stored":
        return this.#deliverStored(conversationId, record);
      case "notice":
        return this.#notice(conversationId, record);
      case "event":
        this.#sendEvent(record.payload);
        return true;
      case "correction":
        if ((this.#capabilities & SHOWS_PATCHES) !== 0) this.#sendEvent(record.payload);
        return false;
      case "unread":
        if (
          record.upTo >= (this.#positions.at(conversationId) ?? 0) &&
          !this.#sentCounts.isStale(conversationId, record) &&
          this.#needsCount(conversationId, record)
        ) {
          this.#sentCounts.add(conversationId, record);
          this.#seenVersions.sawEntry(conversationId, record.upTo, this.now());
          // While the catch-up is not complete, this is not the whole list of unread conversations (Y-19).
          const isAll = this.#catchingUp.size === 0;
          this.#sendUnread(isAll ? record.payload : clientEvents.unreadSoFar(record.payload));
        }
        return false;
      case "reply":
        if (record.accepted !== undefined) this.#accepted(conversationId, record.accepted);
        this.#answer(record.serial, record.payload);
        return false;
      default:
        return false;
    }
  }

  subscribed(conversationId: string, epoch: string, since: number, head: number): void {
    // A subscription that breaks before its first record replays from here, and needs no catch-up (L7).
    if (!this.hasPosition(conversationId)) this.#positions.advance(conversationId, head);
    this.#sendReport({ type: "subscribed", conversationId, epoch, since });
    const subscription = this.#subscriptions.get(conversationId);
    if (subscription !== undefined) this.#subscriptions.opened(subscription);
    if (this.#subscriptions.size > this.#owner.subscriptionLimit() + SUBSCRIPTIONS_OVER_LIMIT)
      this.#evictFor(0);
    queueMicrotask(() => this.#closeOnceAnswered()); // the frames that wait for it are sent in this turn
  }

  shown(conversationId: string, upTo: number): void {
    this.#seenVersions.sawEntry(conversationId, upTo, this.now());
  }

  unsubscribed(conversationId: string, epoch: string): void {
    this.#sendReport({ type: "unsubscribed", conversationId, epoch });
  }

  hasPosition(conversationId: string): boolean {
    return this.#positions.at(conversationId) !== undefined;
  }

  isBehind(conversationId: string, head: number): boolean {
    const position = this.#positions.at(conversationId);
    return position !== undefined && position < head;
  }

  lostPosition(subscription: ConversationSubscription, rest: Forwarded[]): void {
    const { conversationId } = subscription;
    this.#subscriptions.remove(subscription);
    this.#catchingUp.set(conversationId, { subscribe: true, relayed: [], frames: [] });
    for (const forwarded of rest) this.#toConversation(conversationId, forwarded);
    this.#sendReport({ type: "behind", conversationId });
  }

  /** Holds a frame until the catch-up of its conversation is complete. Refuses it if that takes too long (I10). */
  #holdUntilCaughtUp(waiting: { subscribe: boolean; frames: Forwarded[] }, forwarded: Forwarded): void {
    const { frames } = waiting;
    frames.push(forwarded);
    waiting.subscribe = true; // also if the frame itself is refused by then
    const since = this.now();
    const check = () => {
      const position = frames.indexOf(forwarded);
      if (position < 0 || this.#phase === "over") return;
      const remaining = this.#catchUpWait.remaining(since, this.now());
      if (remaining > 0) return void this.#owner.timer(remaining, check);
      frames.splice(position, 1);
      this.#refuseForwarded(forwarded, "INTERNAL_ERROR");
    };
    this.#owner.timer(this.#catchUpWait.remaining(since, since), check);
  }

  refuseMissing(forwarded: Forwarded): void {
    this.#refuseForwarded(forwarded, refusalWithoutConversation(forwarded.command));
  }

  refuseLost(forwarded: Forwarded): void {
    this.#refuseForwarded(forwarded, "INTERNAL_ERROR");
  }

  #refuseForwarded({ command }: Forwarded, error: ErrorName): void {
    if (this.#isAnswered(command)) return;
    if (command.name === "message.send") this.refuseSend(command, error);
    else this.#answer(command.serial, replies.errorReply(command.serial, error));
  }

  /** Refuses a command in the form that its SDK expects. */
  refuseCommand(command: Command, error: ErrorName, detail?: string): void {
    const { serial } = command;
    if (serial === undefined) return;
    if (command.name === "message.send") return this.refuseSend(command, error);
    this.#javaReplies?.requested(command);
    this.#reply(serial, replies.errorReply(serial, error, { detail }));
  }

  #reply(serial: number, answer: Uint8Array): void {
    this.send(this.#javaReplies?.adapt(serial, answer) ?? answer);
  }

  /**
   * Whether the command is answered. Another part of the same frame, for another conversation, may have done that
   * (I10).
   */
  #isAnswered({ serial }: Command): boolean {
    return serial === undefined || !this.#pending.has(serial);
  }

  closed(subscription: ConversationSubscription, rest: Forwarded[], again: boolean): void {
    this.#subscriptions.remove(subscription);
    if (again) this.#subscriptionTo(subscription.conversationId);
    for (const forwarded of rest) this.#toConversation(subscription.conversationId, forwarded);
    this.#closeOnceAnswered();
  }

  reopening(subscription: ConversationSubscription): void {
    this.#subscriptions.reopening(subscription);
    // A single conversation that fails concerns only itself. If so many fail, the fault is the socket's or the
    // server's.
    if (subscription.isPaused && this.#subscriptions.paused > SUBSCRIPTIONS_PAUSED)
      queueMicrotask(() => this.#owner.broken());
  }

  timer(milliseconds: number, run: () => void): () => void {
    return this.#owner.timer(milliseconds, run);
  }

  /** Refuses all pending requests: the user's socket is about to close. */
  refuseAll(): void {
    if (this.#phase !== "open" && this.#phase !== "closing") return;
    for (const subscription of this.#subscriptions.values()) subscription.refusePending();
    for (const { frames } of this.#catchingUp.values()) {
      for (const forwarded of frames.splice(0)) this.refuseLost(forwarded);
    }
    for (const serial of this.#pending.takeAll()) this.#refuse(serial, "INTERNAL_ERROR");
  }

  /** Refuses a send in its own form: Swift expects an id and a time with it (wire §4.6). */
  refuseSend(command: Command & { name: "message.send" }, error: ErrorName): void {
    const timestamp = this.#owner.now();
    const refusal = {
      conversationId: command.conversationId,
      error,
      messageId: newMessageId(timestamp),
      timestamp,
    };
    if (command.serial !== undefined) {
      this.#answerOrForward(command.serial, replies.messageRefused(command.serial, refusal));
    }
  }

  #toConversation(conversationId: string, forwarded: Forwarded): void {
    if (!isConversationId(conversationId)) return this.refuseMissing(forwarded);
    const catchingUp = this.#catchingUp.get(conversationId);
    if (catchingUp !== undefined) this.#holdUntilCaughtUp(catchingUp, forwarded);
    else if (this.#subscriptions.opening < SUBSCRIPTIONS_OPENING || this.#subscriptions.has(conversationId)) {
      this.#subscriptionTo(conversationId).send(forwarded);
    } else this.#refuseForwarded(forwarded, "MESSAGE_SENT_QUOTA_EXCEEDED");
  }

  /**
   * The subscription to a conversation, opened if there is none. The least recently used one is evicted for it (L1,
   * L4).
   */
  #subscriptionTo(conversationId: string, usedBefore = Number.POSITIVE_INFINITY): ConversationSubscription {
    let subscription = this.#subscriptions.get(conversationId);
    if (subscription === undefined) {
      this.#evictFor(1, usedBefore);
      subscription = new ConversationSubscription(this, conversationId);
      this.#subscriptions.add(subscription);
    }
    this.#subscriptions.used(subscription, this.now());
    return subscription;
  }

  /** Resolves once the inbox has the conversation: records that arrive by a subscription leave no other trace (I4). */
  #confirmInbox(conversationId: string): Promise<void> {
    this.#sendReport({ type: "subscribing", conversationId });
    return new Promise((noted) => this.#inboxConfirmations.set(conversationId, noted));
  }

  #evictFor(more: number, usedBefore = Number.POSITIVE_INFINITY): void {
    this.#subscriptions.makeRoom(more, this.#owner.subscriptionLimit(), usedBefore);
  }

  /**
   * Whether the session needs this unread count. A count that changed before the login was sent at the login, except if
   * it was 0. In that case, messages of that time that arrived since were counted by the device, read or not.
   */
  #needsCount(conversationId: string, { changedAt }: LinkRecord & { kind: "unread" }): boolean {
    return this.#receivedOld.delete(conversationId) || changedAt > this.#admittedAt;
  }

  #deliverStored(conversationId: string, record: LinkRecord & { kind: "stored" }): boolean {
    const position = this.#positions.classify(conversationId, record);
    if (position === "seen") return false;
    if (position === "gap") {
      this.#resync(conversationId);
      return true;
    }
    const { patch, acknowledge } = record.traits;
    if (record.timestamp <= this.#admittedAt) this.#receivedOld.add(conversationId);
    this.#seenVersions.sawEntry(conversationId, record.timestamp, this.now());
    this.#positions.advance(conversationId, record.timestamp);
    if (record.origin === this.#origin || record.payload.length === 0) return true;
    if (patch) {
      if ((this.#capabilities & SHOWS_PATCHES) !== 0) this.#sendEvent(record.payload);
      return true;
    }
    this.#sentCounts.countedByDevice(conversationId, record.timestamp);
    this.#expectAcknowledgement(conversationId, acknowledge);
    this.#redelivery?.sent(conversationId, record.payload);
    this.#owner.sendingMessage(this.clientId, record.payload);
    this.#sendEvent(record.payload);
    return true;
  }

  #expectAcknowledgement(conversationId: string, isWanted: boolean): void {
    if (isWanted || this.#mode === "push") {
      this.#withoutReceipts.delete(conversationId);
      return;
    }
    if (this.#withoutReceipts.size >= SILENT_MAX) this.#withoutReceipts.clear();
    this.#withoutReceipts.add(conversationId);
  }

  /** A message that the client missed while it was offline (Y-02). */
  #deliverMissed(conversationId: string, payload: Uint8Array): void {
    this.#redelivery?.sent(conversationId, payload);
    this.#owner.sendingMessage(this.clientId, payload);
    this.#sendEvent(payload);
  }

  /** An entry before this one never arrived: replays the log after the session's position (L7). */
  #resync(conversationId: string): void {
    const subscription = this.#subscriptions.get(conversationId);
    if (subscription === undefined) this.#subscriptionTo(conversationId);
    else subscription.resync();
  }

  /** The session's own message moves its position, unless an earlier entry has not arrived yet. */
  #accepted(conversationId: string, position: LogPosition): void {
    this.#seenVersions.sawEntry(conversationId, position.timestamp, this.now());
    if (!this.hasPosition(conversationId) || this.#positions.classify(conversationId, position) !== "next")
      return;
    this.#positions.advance(conversationId, position.timestamp);
  }

  #onSessionFrame(data: Uint8Array): void {
    if (this.#phase === "over") return;
    for (const record of readRecords(data)) {
      if (record.kind === "control") this.#onControl(readControl<SessionControl>(record.payload));
      else if (record.kind === "relay") this.#receiveRelayed(record.conversationId, record.payload);
      else if (record.kind === "missed") this.#deliverMissed(record.conversationId, record.payload);
      else if (record.kind === "reply") this.#answerOrForward(record.serial, record.payload);
      else if (record.kind === "unread") {
        // Subscriptions that are opening may bring messages that this list does not count.
        const isAll = this.#subscriptions.opening === 0;
        this.#sendUnread(isAll ? record.payload : clientEvents.unreadSoFar(record.payload));
      } else this.#sendEvent(record.payload);
    }
  }

  /**
   * Records that came by the relay; from here on they come by a subscription (L1). Entries that do not follow on the
   * session's position are left to the replay of the subscription that opens (L7).
   */
  #receiveRelayed(conversationId: string, frame: Uint8Array): void {
    const catchingUp = this.#catchingUp.get(conversationId);
    if (catchingUp !== undefined) {
      catchingUp.relayed.push(frame);
      return;
    }
    let isNew = false;
    for (const record of readRecords(frame)) isNew = this.#receive(conversationId, record) || isNew;
    // Records that are not new arrive when subscriptions end. A subscription for them would evict another one.
    if (isNew) this.#subscriptionTo(conversationId);
  }

  /** A sibling session is subscribed to the conversation, from `since` on: this session subscribes as well (L3). */
  #followSibling(conversationId: string, since: number): void {
    const catchingUp = this.#catchingUp.get(conversationId);
    if (catchingUp !== undefined) {
      catchingUp.subscribe = true;
      return;
    }
    // All records relayed up to there came before this control record, on the same link.
    if (!this.hasPosition(conversationId)) this.#positions.advance(conversationId, since);
    const subscription = this.#subscriptions.get(conversationId);
    // Two devices that each evicted the other's newest subscription would never come to rest.
    if (subscription === undefined) this.#subscriptionTo(conversationId, this.now() - IN_USE);
    else subscription.reopenAfterDrain();
  }

  #notice(conversationId: string, { at, again, payload }: LinkRecord & { kind: "notice" }): boolean {
    if (this.#deliveredNotices.has(conversationId, at)) return false;
    // Whole milliseconds: two notices of the same time are both known at the login, or neither.
    if (again && Math.floor(at) <= this.#admittedAt) return false;
    this.#deliveredNotices.add(conversationId, at);
    this.#seenVersions.sawChange(conversationId, Math.floor(at), this.now());
    if (payload.length > 0) this.#sendEvent(payload);
    return true;
  }

  #caughtUp({ conversationId, head }: SessionControl & { type: "caughtUp" }): void {
    if (head !== undefined) {
      this.#positions.advance(conversationId, head);
      if (head > 0) this.#seenVersions.sawEntry(conversationId, head, this.now());
    }
    const waited = this.#catchingUp.get(conversationId);
    this.#catchingUp.delete(conversationId);
    if (waited?.subscribe) this.#subscriptionTo(conversationId);
    for (const frame of waited?.relayed ?? []) this.#receiveRelayed(conversationId, frame);
    // They are removed first, so that none is refused after it was sent.
    for (const forwarded of waited?.frames.splice(0) ?? [])
      this.#subscriptionTo(conversationId).send(forwarded);
  }

  #onControl(control: SessionControl): void {
    switch (control.type) {
      case "opened":
        this.#phase = "open";
        this.#capabilities = control.capabilities;
        this.#admittedAt = control.at;
        this.#owner.opened();
        for (const conversationId of control.asking)
          this.#catchingUp.set(conversationId, { subscribe: false, relayed: [], frames: [] });
        this.#settle();
        for (const { command, frame } of this.#queued.splice(0)) this.handle(command, frame);
        return;
      case "goAway":
        this.#owner.goingAway();
        return this.send(clientEvents.goAway());
      case "ended":
        if (this.#phase === "opening") this.#owner.loginRefused(undefined);
        if (control.error !== undefined) this.#sendSessionEnded(control.error, control.detail);
        return this.#end(linkClose.DONE);
      case "undecided":
        return this.#owner.broken();
      case "noted":
        this.#inboxConfirmations.get(control.conversationId)?.();
        this.#inboxConfirmations.delete(control.conversationId);
        return;
      case "caughtUp":
        return this.#caughtUp(control);
      case "catchingUp":
        return this.#catchUpWait.answered(this.now());
      case "link":
        return this.#followSibling(control.conversationId, control.since);
      case "shown":
        for (const shown of control.shown) this.#seenVersions.sawVersion(shown, this.now());
        return;
    }
  }

  #sendUnread(payload: Uint8Array): void {
    if (this.#mode === "pull") this.#sendEvent(payload);
  }

  #settle(): void {
    this.#heldEvents = [];
    this.#cancelSettling = this.#owner.timer(SETTLE, () => {
      const held = this.#heldEvents ?? [];
      this.#heldEvents = undefined;
      for (const payload of held) this.send(payload);
    });
  }

  #sendEvent(payload: Uint8Array): void {
    if (this.#heldEvents === undefined) this.send(payload);
    else this.#heldEvents.push(payload.slice());
  }

  #sendReport(report: SessionReport): void {
    if (this.#phase === "open" || this.#phase === "closing") this.#socket?.send(JSON.stringify(report));
  }

  /** Takes the answer of one object. An answer to a request that is not pending goes nowhere (I10). */
  #answer(serial: number | undefined, payload: Uint8Array): void {
    if (serial === undefined) return;
    const answer = this.#pending.addAnswer(serial, payload);
    if (answer === undefined) return;
    const entry = this.#backlogEntries.get(serial);
    if (this.#backlogEntries.delete(serial)) entry?.backlog.finished(entry.waiting);
    this.#reply(serial, answer);
    this.#closeOnceAnswered();
  }

  /** Takes an answer of the client's object. Logins and logouts are not among the pending requests. */
  #answerOrForward(serial: number, payload: Uint8Array): void {
    if (this.#pending.has(serial)) this.#answer(serial, payload);
    else this.send(payload);
  }

  /** Java sends a token without a serial, and expects an answer all the same. */
  #refuseLogin(serial: number | undefined, { refused, detail }: Refused): void {
    if (refused === "INTERNAL_ERROR") return this.#owner.broken();
    this.send(replies.errorReply(serial, refused, { detail }));
    this.#owner.loginRefused(refused);
    this.#end(linkClose.DONE);
  }

  #refuse(serial: number | undefined, error: ErrorName): void {
    if (serial !== undefined) this.send(replies.errorReply(serial, error));
  }

  /** The session is ended from outside: all pending requests are answered, then the device receives the reason. */
  #sendSessionEnded(error: ErrorName, detail: string | undefined): void {
    for (const serial of this.#pending.takeAll()) this.#refuse(serial, error);
    this.send(clientEvents.sessionEnded({ error, detail }));
  }

  #closeOnceAnswered(): void {
    if (this.#closing === undefined) return;
    const waits =
      this.#pending.size > 0 ||
      [...this.#subscriptions.values()].some((subscription) => subscription.isOpening) ||
      [...this.#catchingUp.values()].some(({ frames }) => frames.length > 0);
    if (!waits) this.#sendClose();
  }

  #sendClose(): void {
    const closing = this.#closing;
    if (closing === undefined) return;
    this.#closing = undefined;
    closing.cancel();
    this.#socket?.send(closing.frame);
  }

  #end(code: number): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    for (const { backlog, waiting } of this.#backlogEntries.values()) backlog.finished(waiting);
    this.#backlogEntries.clear();
    this.#cancelSettling?.();
    this.#redelivery?.close();
    this.#closing?.cancel();
    for (const subscription of this.#subscriptions.values()) subscription.close(code);
    this.#subscriptions.clear();
    this.#socket?.close(code);
    const early = this.#queued.splice(0);
    const nextLogin = early.findIndex(({ command }) => command.name === "session.open");
    for (const { command } of nextLogin === -1 ? early : early.slice(0, nextLogin)) {
      this.#refuse(command.serial, "SESSION_REQUIRED");
    }
    this.#owner.ended(this);
    // JavaScript answers a refused token at once with a login without one.
    if (nextLogin !== -1) this.#owner.resume(early.slice(nextLogin));
  }
}
