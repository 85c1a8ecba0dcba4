import { isRepeatableCommand, refusalWithoutConversation } from "../../conversation/commands.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import type { ConversationControl, ConversationRequest, Epoch } from "../../protocol/link-controls.ts";
import { linkClose } from "../../protocol/link-controls.ts";
import { type LinkRecord, readControl, readRecords } from "../../protocol/link-records.ts";
import type { Forwarded } from "./forwarding.ts";
import type { LinkSocket, OpeningLinkEvents } from "./link-socket.ts";
import { SubscriptionFailures } from "./subscription-failures.ts";

/** What a conversation sends first over a link. */
export type OpenedSubscription = ConversationControl & { type: "opened" };

/** What a subscription needs of its session. */
export interface SubscriptionOwner {
  now(): number;
  /** Calls `run` once after this many milliseconds. Returns a function that cancels it. */
  timer(milliseconds: number, run: () => void): () => void;
  /** Opens a link to a conversation, from the session's position on; `missing` if there is none. May reject. */
  openLink(conversationId: string, events: OpeningLinkEvents): Promise<"opened" | "missing">;
  /** Whether the session has a position in the conversation. */
  hasPosition(conversationId: string): boolean;
  /** Whether the session has seen less than the log up to this head, although all of it was brought. */
  isBehind(conversationId: string, head: number): boolean;
  /** Records of the conversation, in order. */
  receive(conversationId: string, records: LinkRecord[]): void;
  /** The reply that follows shows the log up to here. */
  shown(conversationId: string, upTo: number): void;
  /** The subscription is open, and has brought everything up to the head, now or before. */
  subscribed(subscription: ConversationSubscription, opened: OpenedSubscription): void;
  unsubscribed(conversationId: string, epoch: Epoch): void;
  /** The link broke and will be opened again. Until then the session may miss something. */
  reopening(subscription: ConversationSubscription): void;
  /** The subscription broke before the session had a position: these frames wait for a new catch-up. */
  lostPosition(subscription: ConversationSubscription, rest: Forwarded[]): void;
  /** The subscription ended. The rest of its frames goes by a new one, which is opened in any case if `reopens`. */
  closed(subscription: ConversationSubscription, rest: Forwarded[], reopens: boolean): void;
  refuse(forwarded: Forwarded, error: ErrorName): void;
}

type Phase =
  /** The socket is there once it is connected. The subscription is open once the conversation has confirmed it. */
  | { name: "opening"; socket: LinkSocket | undefined }
  /** If it is being evicted, the conversation was asked to unsubscribe the client. */
  | { name: "open"; socket: LinkSocket; isEvicted: boolean }
  /** Evicted: it waits for the last answers, then closes (L4). A new one follows it if `reopens`. */
  | { name: "draining"; socket: LinkSocket; reopens: boolean }
  /** It failed twice: it waits. A command is refused, or opens it again (L7). */
  | { name: "paused"; end: () => void }
  | { name: "over" };

/**
 * One session's subscription to one conversation: opened on demand, with its frames in order, reopened when it breaks
 * (L1, L4, L7).
 */
export class ConversationSubscription {
  readonly conversationId: string;
  /** When the session last used it (ms). */
  lastUsedAt = 0;
  readonly #owner: SubscriptionOwner;
  #phase: Phase = { name: "opening", socket: undefined };
  /** Frames that wait until the subscription is open, in order. */
  #waiting: Forwarded[] = [];
  /** Frames without an answer so far, by serial. */
  readonly #pending = new Map<number, Forwarded>();
  #failures: SubscriptionFailures | undefined;
  /** Counts the attempts to open it: events of an attempt that failed are ignored (L7.2). */
  #attempt = 0;

  constructor(owner: SubscriptionOwner, conversationId: string) {
    this.conversationId = conversationId;
    this.#owner = owner;
    void this.#open();
  }

  get isOpening(): boolean {
    return this.#phase.name === "opening";
  }

  get isPaused(): boolean {
    return this.#phase.name === "paused";
  }

  /** Whether it can be evicted: it is open and not being evicted yet. */
  get canUnsubscribe(): boolean {
    return this.#phase.name === "open" && !this.#phase.isEvicted;
  }

  get #isOver(): boolean {
    return this.#phase.name === "over";
  }

  send(forwarded: Forwarded): void {
    if (this.#phase.name === "open") return this.#transmit(this.#phase.socket, forwarded);
    this.#retry();
    if (this.#phase.name === "paused") this.#owner.refuse(forwarded, "INTERNAL_ERROR");
    else this.#waiting.push(forwarded);
  }

  /** Asks the conversation to unsubscribe the whole client, to make room (L4). */
  unsubscribe(): void {
    if (this.#phase.name !== "open" || this.#phase.isEvicted) return;
    this.#phase.isEvicted = true;
    const request: ConversationRequest = { type: "unsubscribe" };
    this.#phase.socket.send(JSON.stringify(request));
  }

  /** The session missed an entry: opens the subscription again, which replays the log after the session's position. */
  resync(): void {
    this.reopenAfterDrain();
    if (this.#phase.name !== "open") return;
    this.#phase.socket.close(linkClose.LOST);
    this.#onBroken();
  }

  /** If this subscription is draining, a new one follows it: a sibling session is subscribed. */
  reopenAfterDrain(): void {
    this.#retry();
    if (this.#phase.name === "draining") this.#phase.reopens = true;
  }

  /** The session is over. */
  close(code: number): void {
    const phase = this.#phase;
    this.#phase = { name: "over" };
    if (phase.name === "paused") phase.end();
    else if (phase.name !== "over") phase.socket?.close(code);
  }

  /** Refuses all frames that have no answer yet. */
  refusePending(): void {
    const unanswered = [...this.#pending.values(), ...this.#waiting];
    this.#pending.clear();
    this.#waiting = [];
    for (const forwarded of unanswered) this.#owner.refuse(forwarded, "INTERNAL_ERROR");
  }

  /** Opens a paused subscription again, unless it failed just now. */
  #retry(): void {
    if (this.#phase.name !== "paused" || this.#failures?.isRecent(this.#owner.now())) return;
    this.#phase.end();
    this.#reopen();
  }

  #reopen(): void {
    this.#phase = { name: "opening", socket: undefined };
    void this.#open();
  }

  async #open(): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    /** Whether this attempt failed, or the subscription ended, meanwhile: its events are ignored. */
    const isStale = () => attempt !== this.#attempt || this.#isOver;
    const events: OpeningLinkEvents = {
      opened: (socket) => {
        if (isStale()) socket.close(linkClose.LOST);
        else this.#phase = { name: "opening", socket };
      },
      frame: (socket, data) => {
        if (!isStale()) this.#onFrame(socket, data);
      },
      closed: () => {
        if (!isStale()) this.#onBroken();
      },
    };
    try {
      const result = await this.#owner.openLink(this.conversationId, events);
      if (result === "missing" && !isStale()) this.#onMissing();
    } catch {
      if (!isStale()) this.#onBroken();
    }
  }

  #onMissing(): void {
    this.#phase = { name: "over" };
    for (const forwarded of this.#waiting) {
      this.#owner.refuse(forwarded, refusalWithoutConversation(forwarded.command));
    }
    this.#owner.unsubscribed(this.conversationId, "");
    this.#owner.closed(this, [], false);
  }

  #onFrame(socket: LinkSocket, data: Uint8Array): void {
    const records = readRecords(data);
    const [first] = records;
    if (this.#phase.name !== "opening") return this.#receive(records);
    if (first?.kind !== "control") return;
    const control = readControl<ConversationControl>(first.payload);
    if (control.type === "opened") this.#onOpened(socket, control, records.slice(1));
  }

  #onOpened(socket: LinkSocket, opened: OpenedSubscription, records: LinkRecord[]): void {
    this.#phase = { name: "open", socket, isEvicted: false };
    this.#receive(records);
    this.#owner.subscribed(this, opened);
    if (this.#owner.isBehind(this.conversationId, opened.head)) return this.resync();
    this.#transmitWaiting(socket);
  }

  #receive(records: LinkRecord[]): void {
    if (this.#phase.name !== "open" && this.#phase.name !== "draining") return;
    for (const record of records) {
      if (record.kind === "reply") this.#pending.delete(record.serial);
      if (record.kind === "control") this.#onControl(readControl<ConversationControl>(record.payload));
    }
    this.#owner.receive(this.conversationId, records);
    if (this.#phase.name === "draining" && this.#pending.size === 0) {
      this.#onDrained(this.#phase.socket, this.#phase.reopens);
    }
  }

  #onControl(control: ConversationControl): void {
    if (control.type === "shown") return this.#owner.shown(this.conversationId, control.upTo);
    if (control.type !== "unsubscribed" || this.#phase.name !== "open") return;
    this.#phase = { name: "draining", socket: this.#phase.socket, reopens: false };
    this.#owner.unsubscribed(this.conversationId, control.epoch);
  }

  #onDrained(socket: LinkSocket, reopens: boolean): void {
    this.#phase = { name: "over" };
    socket.close(linkClose.UNSUBSCRIBED);
    this.#owner.closed(this, this.#waiting.splice(0), reopens);
  }

  /**
   * The link broke, or could not be opened: frames that are safe to repeat are sent again, the others are refused (L7).
   * If it failed twice, all are refused.
   */
  #onBroken(): void {
    if (this.#phase.name === "over" || this.#phase.name === "paused") return;
    this.#failures ??= new SubscriptionFailures();
    const pause = this.#failures.broke(this.#owner.now());
    const repeatable = pause > 0 ? [] : this.#takeRepeatable();
    if (!this.#owner.hasPosition(this.conversationId)) {
      this.#phase = { name: "over" };
      if (pause > 0) this.refusePending();
      return this.#owner.lostPosition(this, [...repeatable, ...this.#waiting.splice(0)]);
    }
    if (pause > 0) {
      this.#phase = { name: "paused", end: this.#owner.timer(pause, () => this.#reopen()) };
      this.#owner.reopening(this);
      return this.refusePending();
    }
    this.#waiting = [...repeatable, ...this.#waiting];
    this.#owner.reopening(this);
    // The session may have ended in the call above.
    if (!this.#isOver) this.#reopen();
  }

  /** The pending frames that may be sent again. The others are refused. */
  #takeRepeatable(): Forwarded[] {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const forwarded of pending) {
      if (!isRepeatableCommand(forwarded.command)) this.#owner.refuse(forwarded, "INTERNAL_ERROR");
    }
    return pending.filter(({ command }) => isRepeatableCommand(command));
  }

  /** The socket can fail at any of them: the rest waits for the next one. */
  #transmitWaiting(socket: LinkSocket): void {
    while (this.#phase.name === "open" && this.#phase.socket === socket) {
      const forwarded = this.#waiting.shift();
      if (forwarded === undefined) return;
      this.#transmit(socket, forwarded);
    }
  }

  #transmit(socket: LinkSocket, forwarded: Forwarded): void {
    const { serial } = forwarded.command;
    if (serial !== undefined) this.#pending.set(serial, forwarded);
    socket.send(forwarded.frame);
  }
}
