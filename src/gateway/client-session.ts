import { SUBSCRIPTIONS_OPENING, SUBSCRIPTIONS_PAUSED } from "../bounds.ts";
import type { LoginProof } from "../client/credentials.ts";
import type { Refused } from "../client/login.ts";
import type { ProvenRequest } from "../client/session.ts";
import {
  type ConversationCommand,
  isConversationCommand,
  refusalWithoutConversation,
} from "../conversation/commands.ts";
import { isConversationId, newMessageId, timeOfMessageId } from "../conversation/ids.ts";
import { loggableError } from "../loggable-error.ts";
import { addressed, clientIdField } from "../protocol/addressing.ts";
import * as pushes from "../protocol/client-events.ts";
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
import { partsOfPatch, partsOfRead } from "../protocol/parts.ts";
import * as replies from "../protocol/replies.ts";
import { withShown } from "../protocol/shown.ts";
import type { Backlog, Waiting } from "./backlog.ts";
import { CatchUpWait } from "./catch-up-wait.ts";
import {
  ConversationSubscription,
  type Forwarded,
  type SubscriptionOwner,
} from "./conversation-subscription.ts";
import { DialQueue } from "./dial-queue.ts";
import { JavaAnswers } from "./java.ts";
import type { Dial, LinkSocket } from "./link-socket.ts";
import { Noticed } from "./noticed.ts";
import { PendingRequests } from "./pending-requests.ts";
import { Positions } from "./positions.ts";
import { Redelivery } from "./redelivery.ts";
import { ShownLately } from "./shown.ts";
import { SubscriptionTable } from "./subscription-table.ts";
import { ToldCounts } from "./told-counts.ts";

/** The gateway around a session. */
export interface SessionOwner {
  now(): number;
  /** Of the user's socket. */
  connectionId: string;
  dialSession: Dial<ProvenRequest>;
  /** Whether the login may go to the client's object, by what it shows. */
  judge(clientId: string, command: CommandOf<"session.open">): Promise<LoginProof | Refused>;
  /** A login of this session was refused, here or by its object. */
  loginRefused(error: ErrorName | undefined): void;
  dialConversation: Dial<SubscriptionRequest>;
  /** Whether there may be a conversation of that id; rejects where nobody can say. */
  mayExist(conversationId: string): Promise<boolean>;
  /** Where it is noted how long sends wait; undefined where the app's policy takes time of its own. */
  backlog: Backlog | undefined;
  linkLimit(): number;
  /** So many more links are held, or fewer. */
  linksChanged(by: number): void;
  /** A whole frame, addressed, to the user's socket. */
  send(frame: Uint8Array): void;
  /** Runs once after this many milliseconds; returns how to call it off. */
  timer(milliseconds: number, run: () => void): () => void;
  /** The client is logged in. */
  opened(): void;
  /** The session is over, in good order. */
  ended(session: ClientSession): void;
  /** Commands that waited for the end of this session, from the next login on. */
  again(rest: Early[]): void;
  /** Something broke that only a new login repairs: the user's socket has to close. */
  broken(): void;
  /** The device is being asked to connect anew. */
  goingAway(): void;
  /** A client is being sent this message. */
  sendingMessage(clientId: string, payload: Uint8Array): void;
}

/** Pushes wait this long (ms) after `opened`: C# knows its client only a moment later (gotcha 40). */
const SETTLE = 150;
const CLOSE_DEADLINE = 5_000; // ms that a `session/close` waits for the answers before its own
/** Capability bits (wire §4.1). */
const SHOWS_PATCHES = 1;
const TRANSIENT_ACK = 8;
/** Links over the limit that may be open at once: those that were opening when there was no room to make. */
const LINKS_OVER = 16;
/** Conversations remembered to want no acknowledgements. */
const SILENT_MAX = 2_000;
/** A link used within this time (ms) does not give way to one that only follows a sibling. */
const IN_USE = 5_000;

/** A command that has to wait for a login. */
export interface Early {
  command: Command;
  frame: Uint8Array;
}

type Phase = "connecting" | "opening" | "open" | "closing" | "over";

/** One client on one user socket: its session link, its conversation links, and what it has been delivered. */
export class ClientSession implements SubscriptionOwner {
  readonly clientId: string;
  readonly #owner: SessionOwner;
  readonly #mode: SyncMode;
  readonly #address: string | undefined;
  readonly #sessionId = crypto.randomUUID();
  readonly #origin = newOrigin();
  readonly #field: Uint8Array;
  readonly #dials: DialQueue<SubscriptionRequest>;
  readonly #links = new SubscriptionTable((by) => this.#owner.linksChanged(by));
  readonly #positions = new Positions((conversationId) => this.#links.has(conversationId));
  readonly #noticePositions = new Noticed((conversationId) => this.#links.has(conversationId));
  readonly #shown = new ShownLately();
  readonly #toldCounts = new ToldCounts();
  /** Conversations of which messages came that were said before the login. */
  readonly #broughtOld = new Set<string>();
  /** When the client's object let the session in: what was so before is not to be said to it again. */
  #admittedAt = 0;
  /** Conversations whose catch-up is under way, and what waits for it. */
  readonly #catchingUp = new Map<string, { link: boolean; cold: Uint8Array[]; frames: Forwarded[] }>();
  readonly #catchUpWait = new CatchUpWait();
  #phase: Phase = "connecting";
  #socket: LinkSocket | undefined;
  #early: Early[] = [];
  /** What waits for the inbox, by conversation. */
  readonly #inboxUnconfirmed = new Map<string, () => void>();
  readonly #unanswered = new PendingRequests();
  /** Sends whose wait is noted, by serial. */
  readonly #waits = new Map<number, { backlog: Backlog; waiting: Waiting }>();
  #java: JavaAnswers | undefined;
  readonly #redelivery: Redelivery | undefined;
  /** Conversations that want no acknowledgements of their messages, as far as is known. */
  readonly #silent = new Set<string>();
  #capabilities = 0;
  /** A `session/close` that waits until everything before it is answered (I10). */
  #closing: { frame: Uint8Array; cancel: () => void } | undefined;
  /** Pushes held back while the client settles. */
  #settling: Uint8Array[] | undefined;
  #settled: (() => void) | undefined;

  /** @param address of the device */
  constructor(owner: SessionOwner, clientId: string, mode: SyncMode, address: string | undefined) {
    this.#owner = owner;
    this.clientId = clientId;
    this.#mode = mode;
    this.#address = address;
    this.#field = clientIdField(clientId);
    if (mode === "push") {
      const send = (payload: Uint8Array) => this.#push(payload);
      const timer = (milliseconds: number, run: () => void) => owner.timer(milliseconds, run);
      this.#redelivery = new Redelivery({ now: () => owner.now(), send, timer }, clientId);
    }
    const dial: Dial<SubscriptionRequest> = async (request, events) => {
      // Neither an object nor a row of the inbox is made for a name that nobody has.
      const isSeen = request.since !== undefined;
      if (!isSeen && !(await owner.mayExist(request.conversationId))) return "missing";
      await this.#noted(request.conversationId);
      return owner.dialConversation(request, events);
    };
    this.#dials = new DialQueue(dial, (delay, run) => owner.timer(delay, run));
  }

  get dial(): Dial<SubscriptionRequest> {
    return this.#dials.dial;
  }

  get #isOver(): boolean {
    return this.#phase === "over";
  }

  get isOpen(): boolean {
    return this.#phase === "open";
  }

  /** Whether commands are taken: not after `session/close`, unless the next login waits already. */
  get isUsable(): boolean {
    return this.#phase === "closing" ? this.#early.length > 0 : this.#phase !== "over";
  }

  now(): number {
    return this.#owner.now();
  }

  /**
   * Judges the login, dials the client's object and hands it over. What comes meanwhile waits, in order. A login that
   * is refused here has woken nobody.
   */
  async open(command: CommandOf<"session.open">, frame: Uint8Array): Promise<void> {
    this.#java = JavaAnswers.of(command.userAgent);
    const early: Uint8Array[] = [];
    const events = {
      frame: (data: Uint8Array) => {
        if (this.#socket === undefined) early.push(data);
        else this.#sessionFrame(data);
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
        ...{ clientId: this.clientId, sessionId: this.#sessionId, mode: this.#mode },
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
      for (const data of early) this.#sessionFrame(data);
    } catch (error) {
      console.error("session link:", loggableError(error));
      // An error to a login is final for some SDKs; from a socket that closes, all come back.
      if (this.#phase !== "over") this.#owner.broken();
    }
  }

  /** One command of this client, by rule: what names a conversation goes there, everything else to the client. */
  handle(command: Command, frame: Uint8Array): void {
    if (this.#phase !== "open") {
      this.#early.push({ command, frame });
      return;
    }
    if (command.name === "session.open") {
      this.#socket?.send(frame); // answered again, changes nothing
      return;
    }
    if (command.name === "session.close") {
      this.#phase = "closing";
      this.#closing = { frame, cancel: this.#owner.timer(CLOSE_DEADLINE, () => this.#sendClose()) };
      return this.#closeWhenAnswered();
    }
    const { serial } = command;
    // A will is kept by the client's object, whatever conversation it is for (M-48).
    if (!isConversationCommand(command) || (command.name === "message.send" && command.will)) {
      if (serial !== undefined) this.#unanswered.add(serial);
      this.#java?.asked(command);
      const isQuery = command.name === "conversation.query";
      this.#socket?.send(isQuery ? withShown(frame, this.#shown.recent(this.now())) : frame);
      return;
    }
    if (command.name === "message.acknowledge") return this.#acknowledge(command, frame);
    if (command.name === "message.send") {
      if (command.transient && (this.#capabilities & TRANSIENT_ACK) === 0) {
        // Whoever cannot do with an answer gets none: its reply is to a serial nobody waits for.
        return this.#toConversation(command.conversationId, {
          command: { ...command, serial: undefined },
          frame,
        });
      }
      if (command.dedupeToken === undefined && serial !== undefined) {
        // C# sends none, and a link may break between the message and its ack.
        const dedupeToken = `${this.#sessionId}/${serial}`;
        return this.handle({ ...command, dedupeToken }, withDedupeToken(frame, dedupeToken));
      }
    }
    if (command.name === "read") return this.#toEach(partsOfRead(command, frame), command, 1);
    if (command.name === "message.patch") {
      const parts = partsOfPatch(command, frame);
      return this.#toEach(parts, command, parts.length);
    }
    if (serial !== undefined) this.#unanswered.add(serial);
    if (serial !== undefined && command.name === "message.send")
      this.#noteWait(serial, command.conversationId);
    this.#toConversation(command.conversationId, { command, frame });
  }

  #noteWait(serial: number, conversationId: string): void {
    const { backlog } = this.#owner;
    if (backlog === undefined || this.#waits.has(serial)) return;
    this.#waits.set(serial, { backlog, waiting: backlog.handedOn(conversationId, this.now()) });
  }

  /** What concerns several conversations, to each of them as what concerns it. */
  #toEach(
    parts: readonly (Forwarded & { conversationId: string })[],
    { serial }: Command,
    answers: number,
  ): void {
    if (serial !== undefined) this.#unanswered.add(serial, answers);
    if (parts.length === 0) this.#answer(serial, replies.errorReply(serial, "CONVERSATION_NOT_FOUND"));
    for (const { conversationId, ...forwarded } of parts) this.#toConversation(conversationId, forwarded);
  }

  /** Only what somebody waits for goes on: in large groups, an answer to each message would cost more than it. */
  #acknowledge(command: ConversationCommand & { name: "message.acknowledge" }, frame: Uint8Array): void {
    const { serial, conversationId, messageId, to } = command;
    if (serial !== undefined) this.#refuse(serial, "UNSUPPORTED_COMMAND");
    if (conversationId === undefined || this.#silent.has(conversationId)) return;
    const upTo = to ?? (messageId === undefined ? undefined : timeOfMessageId(messageId));
    if (upTo !== undefined) this.#redelivery?.acknowledged(conversationId, upTo);
    this.#toConversation(conversationId, { command: { ...command, serial: undefined }, frame });
  }

  /** The user's socket is gone, or the session is ended from outside. */
  close(code: number): void {
    this.#end(code);
  }

  /** A frame of ours to this client. */
  send(frame: Uint8Array): void {
    this.#owner.send(addressed(frame, this.#field));
  }

  // What the session's links report.

  request(conversationId: string) {
    const since = this.#positions.at(conversationId);
    const session = { clientId: this.clientId, sessionId: this.#sessionId, origin: this.#origin };
    const { mode, address } = { mode: this.#mode, address: this.#address };
    return { ...session, mode, since, admittedAt: this.#admittedAt, address };
  }

  receive(conversationId: string, records: LinkRecord[]): void {
    for (const record of records) this.#receive(conversationId, record);
  }

  /** One record of a conversation; whether it was news, of a kind that more may follow. */
  #receive(conversationId: string, record: LinkRecord): boolean {
    switch (record.kind) {
      case "stored":
        return this.#deliverStored(conversationId, record);
      case "notice":
        return this.#notice(conversationId, record);
      case "push":
        this.#push(record.payload);
        return true;
      case "correction":
        if ((this.#capabilities & SHOWS_PATCHES) !== 0) this.#push(record.payload);
        return false;
      case "unread":
        if (
          record.upTo >= (this.#positions.at(conversationId) ?? 0) &&
          !this.#toldCounts.isStale(conversationId, record) &&
          this.#needsCount(conversationId, record)
        ) {
          this.#toldCounts.add(conversationId, record);
          this.#shown.entry(conversationId, record.upTo, this.now());
          // Of a conversation that is still being asked, the device does not know everything yet (Y-19).
          const isAll = this.#catchingUp.size === 0;
          this.#unread(isAll ? record.payload : pushes.unreadSoFar(record.payload));
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
    // So that a link that breaks before anything came by it replays from here, and needs no catch-up (L7).
    if (!this.hasMark(conversationId)) this.#positions.advance(conversationId, head);
    this.#report({ type: "subscribed", conversationId, epoch, since });
    const link = this.#links.get(conversationId);
    if (link !== undefined) this.#links.opened(link);
    if (this.#links.size > this.#owner.linkLimit() + LINKS_OVER) this.#makeRoom(0);
    queueMicrotask(() => this.#closeWhenAnswered()); // its waiting frames go out in this turn
  }

  shown(conversationId: string, upTo: number): void {
    this.#shown.entry(conversationId, upTo, this.now());
  }

  unsubscribed(conversationId: string, epoch: string): void {
    this.#report({ type: "unsubscribed", conversationId, epoch });
  }

  hasMark(conversationId: string): boolean {
    return this.#positions.at(conversationId) !== undefined;
  }

  isBehind(conversationId: string, head: number): boolean {
    const mark = this.#positions.at(conversationId);
    return mark !== undefined && mark < head;
  }

  lostTrack(link: ConversationSubscription, rest: Forwarded[]): void {
    const { conversationId } = link;
    this.#links.remove(link);
    this.#catchingUp.set(conversationId, { link: true, cold: [], frames: [] });
    for (const forwarded of rest) this.#toConversation(conversationId, forwarded);
    this.#report({ type: "behind", conversationId });
  }

  /** Until it is known what the session missed there; refused where that takes too long (I10). */
  #holdUntilCaughtUp(held: { link: boolean; frames: Forwarded[] }, forwarded: Forwarded): void {
    const waiting = held.frames;
    waiting.push(forwarded);
    held.link = true; // also where the frame itself is not there any more
    const since = this.now();
    const look = () => {
      const place = waiting.indexOf(forwarded);
      if (place < 0 || this.#phase === "over") return;
      const left = this.#catchUpWait.left(since, this.now());
      if (left > 0) return void this.#owner.timer(left, look);
      waiting.splice(place, 1);
      this.#giveUp(forwarded, "INTERNAL_ERROR");
    };
    this.#owner.timer(this.#catchUpWait.left(since, since), look);
  }

  refuse(forwarded: Forwarded): void {
    this.#giveUp(forwarded, refusalWithoutConversation(forwarded.command));
  }

  lose(forwarded: Forwarded): void {
    this.#giveUp(forwarded, "INTERNAL_ERROR");
  }

  #giveUp({ command }: Forwarded, error: ErrorName): void {
    if (this.#isAnswered(command)) return;
    if (command.name === "message.send") this.refuseSend(command, error);
    else this.#answer(command.serial, replies.errorReply(command.serial, error));
  }

  /** A command that goes no further, in the form that its SDK takes a refusal in. */
  turnAway(command: Command, error: ErrorName, detail?: string): void {
    const { serial } = command;
    if (serial === undefined) return;
    if (command.name === "message.send") return this.refuseSend(command, error);
    this.#java?.asked(command);
    this.#reply(serial, replies.errorReply(serial, error, { detail }));
  }

  #reply(serial: number, answer: Uint8Array): void {
    this.send(this.#java?.tolerable(serial, answer) ?? answer);
  }

  /** Another part of the same frame, at another conversation, may have answered it (I10). */
  #isAnswered({ serial }: Command): boolean {
    return serial === undefined || !this.#unanswered.has(serial);
  }

  over(link: ConversationSubscription, rest: Forwarded[], again: boolean): void {
    this.#links.remove(link);
    if (again) this.#subscriptionTo(link.conversationId);
    for (const forwarded of rest) this.#toConversation(link.conversationId, forwarded);
    this.#closeWhenAnswered();
  }

  reopening(link: ConversationSubscription): void {
    this.#links.reopening(link);
    // One conversation's trouble is its own; where so many fail, it is this socket's or everybody's.
    if (link.isPaused && this.#links.paused > SUBSCRIPTIONS_PAUSED)
      queueMicrotask(() => this.#owner.broken());
  }

  timer(milliseconds: number, run: () => void): () => void {
    return this.#owner.timer(milliseconds, run);
  }

  /** Whatever waits for an answer is refused: the user's socket is about to close. */
  refuseAll(): void {
    if (this.#phase !== "open" && this.#phase !== "closing") return;
    for (const link of this.#links.values()) link.giveUp();
    for (const { frames } of this.#catchingUp.values()) {
      for (const forwarded of frames.splice(0)) this.lose(forwarded);
    }
    for (const serial of this.#unanswered.takeAll()) this.#refuse(serial, "INTERNAL_ERROR");
  }

  /** A send is refused in its own form: Swift wants an id and a time with it (wire §4.6). */
  refuseSend(command: Command & { name: "message.send" }, error: ErrorName): void {
    const timestamp = this.#owner.now();
    const refusal = {
      conversationId: command.conversationId,
      error,
      messageId: newMessageId(timestamp),
      timestamp,
    };
    if (command.serial !== undefined) {
      this.#answerAnyway(command.serial, replies.messageRefused(command.serial, refusal));
    }
  }

  #toConversation(conversationId: string, forwarded: Forwarded): void {
    if (!isConversationId(conversationId)) return this.refuse(forwarded);
    const catchingUp = this.#catchingUp.get(conversationId);
    if (catchingUp !== undefined) this.#holdUntilCaughtUp(catchingUp, forwarded);
    else if (this.#links.opening < SUBSCRIPTIONS_OPENING || this.#links.has(conversationId)) {
      this.#subscriptionTo(conversationId).send(forwarded);
    } else this.#giveUp(forwarded, "MESSAGE_SENT_QUOTA_EXCEEDED");
  }

  /** The link to a conversation, opened if there is none; the least recently used one gives way (L1, L4). */
  #subscriptionTo(conversationId: string, usedBefore = Number.POSITIVE_INFINITY): ConversationSubscription {
    let link = this.#links.get(conversationId);
    if (link === undefined) {
      this.#makeRoom(1, usedBefore);
      link = new ConversationSubscription(this, conversationId);
      this.#links.add(link);
    }
    this.#links.used(link, this.now());
    return link;
  }

  /** Resolves once the inbox is known to have a conversation: what comes by a link leaves no other trace (I4). */
  #noted(conversationId: string): Promise<void> {
    this.#report({ type: "subscribing", conversationId });
    return new Promise((noted) => this.#inboxUnconfirmed.set(conversationId, noted));
  }

  #makeRoom(more: number, usedBefore = Number.POSITIVE_INFINITY): void {
    this.#links.makeRoom(more, this.#owner.linkLimit(), usedBefore);
  }

  /**
   * A count that changed before the login was told then, unless there was nothing to tell: messages of that time
   * that came since have been counted by the device, read or not.
   */
  #needsCount(conversationId: string, { changedAt }: LinkRecord & { kind: "unread" }): boolean {
    return this.#broughtOld.delete(conversationId) || changedAt > this.#admittedAt;
  }

  #deliverStored(conversationId: string, record: LinkRecord & { kind: "stored" }): boolean {
    const place = this.#positions.place(conversationId, record);
    if (place === "seen") return false;
    if (place === "gap") {
      this.#resync(conversationId);
      return true;
    }
    const { patch, acknowledge } = record.traits;
    if (record.timestamp <= this.#admittedAt) this.#broughtOld.add(conversationId);
    this.#shown.entry(conversationId, record.timestamp, this.now());
    this.#positions.advance(conversationId, record.timestamp);
    if (record.origin === this.#origin || record.payload.length === 0) return true;
    if (patch) {
      if ((this.#capabilities & SHOWS_PATCHES) !== 0) this.#push(record.payload);
      return true;
    }
    this.#toldCounts.counted(conversationId, record.timestamp);
    this.#expectAcknowledgement(conversationId, acknowledge);
    this.#redelivery?.sent(conversationId, record.payload);
    this.#owner.sendingMessage(this.clientId, record.payload);
    this.#push(record.payload);
    return true;
  }

  #expectAcknowledgement(conversationId: string, wanted: boolean): void {
    if (wanted || this.#mode === "push") {
      this.#silent.delete(conversationId);
      return;
    }
    if (this.#silent.size >= SILENT_MAX) this.#silent.clear();
    this.#silent.add(conversationId);
  }

  /** A message that the client missed while it was away (Y-02). */
  #deliverMissed(conversationId: string, payload: Uint8Array): void {
    this.#redelivery?.sent(conversationId, payload);
    this.#owner.sendingMessage(this.clientId, payload);
    this.#push(payload);
  }

  /** Something before this message never came: the log after the mark is to be replayed (L7). */
  #resync(conversationId: string): void {
    const link = this.#links.get(conversationId);
    if (link === undefined) this.#subscriptionTo(conversationId);
    else link.resync();
  }

  /** An own message is part of what the session has seen, unless something before it is still to come. */
  #accepted(conversationId: string, place: LogPosition): void {
    this.#shown.entry(conversationId, place.timestamp, this.now());
    if (!this.hasMark(conversationId) || this.#positions.place(conversationId, place) !== "next") return;
    this.#positions.advance(conversationId, place.timestamp);
  }

  #sessionFrame(data: Uint8Array): void {
    if (this.#phase === "over") return;
    for (const record of readRecords(data)) {
      if (record.kind === "control") this.#hear(readControl<SessionControl>(record.payload));
      else if (record.kind === "cold") this.#receiveCold(record.conversationId, record.payload);
      else if (record.kind === "missed") this.#deliverMissed(record.conversationId, record.payload);
      else if (record.kind === "reply") this.#answerAnyway(record.serial, record.payload);
      else if (record.kind === "unread") {
        // Nor while something is on its way by a link that is not open yet.
        const isAll = this.#links.opening === 0;
        this.#unread(isAll ? record.payload : pushes.unreadSoFar(record.payload));
      } else this.#push(record.payload);
    }
  }

  /**
   * By the relay; from here on by a link (L1). What does not follow on what the session has seen is left to
   * the replay of the link that opens (L7).
   */
  #receiveCold(conversationId: string, frame: Uint8Array): void {
    const catchingUp = this.#catchingUp.get(conversationId);
    if (catchingUp !== undefined) {
      catchingUp.cold.push(frame);
      return;
    }
    let isNews = false;
    for (const record of readRecords(frame)) isNews = this.#receive(conversationId, record) || isNews;
    // What was known already comes when links end; a link for it would make another one give way.
    if (isNews) this.#subscriptionTo(conversationId);
  }

  /** A sibling is subscribed there, with everything after `since` (L3). */
  #follow(conversationId: string, since: number): void {
    const catchingUp = this.#catchingUp.get(conversationId);
    if (catchingUp !== undefined) {
      catchingUp.link = true;
      return;
    }
    // Whatever came by the relay up to there came before this word, on the same link.
    if (!this.hasMark(conversationId)) this.#positions.advance(conversationId, since);
    const link = this.#links.get(conversationId);
    // Two devices that each make the other give way to their newest link would never come to rest.
    if (link === undefined) this.#subscriptionTo(conversationId, this.now() - IN_USE);
    else link.reopenAfterDrain();
  }

  #notice(conversationId: string, { at, again, payload }: LinkRecord & { kind: "notice" }): boolean {
    if (this.#noticePositions.has(conversationId, at)) return false;
    // Whole milliseconds: of two notices of one time both are known, or neither.
    if (again && Math.floor(at) <= this.#admittedAt) return false;
    this.#noticePositions.add(conversationId, at);
    this.#shown.change(conversationId, Math.floor(at), this.now());
    if (payload.length > 0) this.#push(payload);
    return true;
  }

  #caughtUp({ conversationId, head }: SessionControl & { type: "caughtUp" }): void {
    if (head !== undefined) {
      this.#positions.advance(conversationId, head);
      if (head > 0) this.#shown.entry(conversationId, head, this.now());
    }
    const waited = this.#catchingUp.get(conversationId);
    this.#catchingUp.delete(conversationId);
    if (waited?.link) this.#subscriptionTo(conversationId);
    for (const frame of waited?.cold ?? []) this.#receiveCold(conversationId, frame);
    // Taken out, so that none of them is refused after it was sent.
    for (const forwarded of waited?.frames.splice(0) ?? [])
      this.#subscriptionTo(conversationId).send(forwarded);
  }

  #hear(word: SessionControl): void {
    switch (word.type) {
      case "opened":
        this.#phase = "open";
        this.#capabilities = word.capabilities;
        this.#admittedAt = word.at;
        this.#owner.opened();
        for (const conversationId of word.asking)
          this.#catchingUp.set(conversationId, { link: false, cold: [], frames: [] });
        this.#settle();
        for (const { command, frame } of this.#early.splice(0)) this.handle(command, frame);
        return;
      case "goAway":
        this.#owner.goingAway();
        return this.send(pushes.goAway());
      case "ended":
        if (this.#phase === "opening") this.#owner.loginRefused(undefined);
        if (word.error !== undefined) this.#sayGoodbye(word.error, word.detail);
        return this.#end(linkClose.DONE);
      case "undecided":
        return this.#owner.broken();
      case "noted":
        this.#inboxUnconfirmed.get(word.conversationId)?.();
        this.#inboxUnconfirmed.delete(word.conversationId);
        return;
      case "caughtUp":
        return this.#caughtUp(word);
      case "catchingUp":
        return this.#catchUpWait.answered(this.now());
      case "link":
        return this.#follow(word.conversationId, word.since);
      case "shown":
        for (const shown of word.shown) this.#shown.answered(shown, this.now());
        return;
    }
  }

  #unread(payload: Uint8Array): void {
    if (this.#mode === "pull") this.#push(payload);
  }

  #settle(): void {
    this.#settling = [];
    this.#settled = this.#owner.timer(SETTLE, () => {
      const held = this.#settling ?? [];
      this.#settling = undefined;
      for (const payload of held) this.send(payload);
    });
  }

  #push(payload: Uint8Array): void {
    if (this.#settling === undefined) this.send(payload);
    else this.#settling.push(payload.slice());
  }

  #report(report: SessionReport): void {
    if (this.#phase === "open" || this.#phase === "closing") this.#socket?.send(JSON.stringify(report));
  }

  /** One object's answer; what nobody waits for (any more) goes nowhere (I10). */
  #answer(serial: number | undefined, payload: Uint8Array): void {
    if (serial === undefined) return;
    const answer = this.#unanswered.answered(serial, payload);
    if (answer === undefined) return;
    const noted = this.#waits.get(serial);
    if (this.#waits.delete(serial)) noted?.backlog.over(noted.waiting);
    this.#reply(serial, answer);
    this.#closeWhenAnswered();
  }

  /** An answer of the client's object: those to logins and logouts were not noted down. */
  #answerAnyway(serial: number, payload: Uint8Array): void {
    if (this.#unanswered.has(serial)) this.#answer(serial, payload);
    else this.send(payload);
  }

  /** Java opens with a token and no serial, and is answered all the same. */
  #refuseLogin(serial: number | undefined, { refused, detail }: Refused): void {
    if (refused === "INTERNAL_ERROR") return this.#owner.broken();
    this.send(replies.errorReply(serial, refused, { detail }));
    this.#owner.loginRefused(refused);
    this.#end(linkClose.DONE);
  }

  #refuse(serial: number | undefined, error: ErrorName): void {
    if (serial !== undefined) this.send(replies.errorReply(serial, error));
  }

  /** The session is ended from outside: whatever waits for an answer gets one, then the device is told why. */
  #sayGoodbye(error: ErrorName, detail: string | undefined): void {
    for (const serial of this.#unanswered.takeAll()) this.#refuse(serial, error);
    this.send(pushes.sessionEnded({ error, detail }));
  }

  #closeWhenAnswered(): void {
    if (this.#closing === undefined) return;
    const waits =
      this.#unanswered.size > 0 ||
      [...this.#links.values()].some((link) => link.isOpening) ||
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
    for (const { backlog, waiting } of this.#waits.values()) backlog.over(waiting);
    this.#waits.clear();
    this.#settled?.();
    this.#redelivery?.close();
    this.#closing?.cancel();
    for (const link of this.#links.values()) link.close(code);
    this.#links.clear();
    this.#socket?.close(code);
    const early = this.#early.splice(0);
    const nextLogin = early.findIndex(({ command }) => command.name === "session.open");
    for (const { command } of nextLogin === -1 ? early : early.slice(0, nextLogin)) {
      this.#refuse(command.serial, "SESSION_REQUIRED");
    }
    this.#owner.ended(this);
    // JavaScript answers a refused token with an open without one, at once.
    if (nextLogin !== -1) this.#owner.again(early.slice(nextLogin));
  }
}
