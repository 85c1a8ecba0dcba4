import type { ConversationCommand } from "../conversation/commands.ts";
import { isRepeatable } from "../conversation/commands.ts";
import { elapsed } from "../elapsed.ts";
import type {
  ConversationControl,
  ConversationRequest,
  Epoch,
  SubscriptionRequest,
} from "../protocol/link-controls.ts";
import { linkClose } from "../protocol/link-controls.ts";
import { type LinkRecord, readControl, readRecords } from "../protocol/link-records.ts";
import type { Dial, LinkSocket } from "./link-socket.ts";

/** A client's frame on its way to a conversation. */
export interface Forwarded {
  command: ConversationCommand;
  frame: Uint8Array;
}

/** What a subscription needs of its session. */
export interface SubscriptionOwner {
  dial: Dial<SubscriptionRequest>;
  now(): number;
  request(conversationId: string): Omit<SubscriptionRequest, "conversationId">;
  /** Records of the conversation, in order. */
  receive(conversationId: string, records: LinkRecord[]): void;
  /** The subscription is open, and has brought everything up to the head, now or before. */
  subscribed(conversationId: string, epoch: Epoch, since: number, head: number): void;
  /** Whether the session has seen less than the log up to this head, although all of it was brought. */
  isBehind(conversationId: string, head: number): boolean;
  /** The subscription broke before the session had a position; these frames wait for a new catch-up. */
  lostPosition(subscription: ConversationSubscription, rest: Forwarded[]): void;
  /** Whether the session has a position in the conversation. */
  hasPosition(conversationId: string): boolean;
  /** The reply that follows shows the log up to here. */
  shown(conversationId: string, upTo: number): void;
  unsubscribed(conversationId: string, epoch: Epoch): void;
  /** Refuses a frame because the conversation does not exist. */
  refuseMissing(forwarded: Forwarded): void;
  /** Refuses a frame that must not be sent twice and was lost with the link. */
  refuseLost(forwarded: Forwarded): void;
  /** The subscription ended. The rest of its frames goes by a new one, which is opened in any case if `again`. */
  closed(subscription: ConversationSubscription, rest: Forwarded[], again: boolean): void;
  /** The link broke and will be opened again. Until then the session may miss something. */
  reopening(subscription: ConversationSubscription): void;
  /** Calls `run` once after this many milliseconds. Returns a function that cancels it. */
  timer(milliseconds: number, run: () => void): () => void;
}

const FAILURE_MEMORY = 10_000; // ms: a subscription that breaks again within this has failed twice
/** Pause (ms) before a subscription that failed twice is opened again: at first, doubled each time, at most. */
const PAUSES = { first: 5_000, last: 60_000 };
/**
 * A command opens it sooner, but not before this (ms): each failure costs all who are subscribed to the conversation.
 */
const SOONEST = 1_000;

type Phase =
  /** The socket is there once it is connected. The subscription is open once the conversation has confirmed it. */
  | { name: "opening"; socket?: LinkSocket }
  | { name: "open"; socket: LinkSocket }
  /** Evicted: it waits for the last answers, then closes (L4). */
  | { name: "draining"; socket: LinkSocket }
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
  #phase: Phase = { name: "opening" };
  /** Frames that wait until the subscription is open, in order. */
  #waiting: Forwarded[] = [];
  /** Frames without an answer so far, by serial. */
  readonly #pending = new Map<number, Forwarded>();
  #failedAt: number | undefined;
  /** The last pause (ms), or 0. */
  #pause = 0;
  #isEvicted = false;
  /** Counts the attempts to open it: events of an attempt that failed are ignored. */
  #attempt = 0;
  #reopenAfterwards = false;

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
    return this.#phase.name === "open" && !this.#isEvicted;
  }

  send(forwarded: Forwarded): void {
    if (this.#phase.name === "open") return this.#transmit(this.#phase.socket, forwarded);
    this.#retry();
    if (this.#phase.name === "paused") this.#owner.refuseLost(forwarded);
    else this.#waiting.push(forwarded);
  }

  /** Asks the conversation to unsubscribe the whole client, to make room (L4). */
  unsubscribe(): void {
    if (this.#phase.name !== "open" || this.#isEvicted) return;
    this.#isEvicted = true;
    const request: ConversationRequest = { type: "unsubscribe" };
    this.#phase.socket.send(JSON.stringify(request));
  }

  /** The session missed an entry: opens the subscription again, which replays the log after the session's position. */
  resync(): void {
    this.#retry();
    if (this.#phase.name === "draining") this.#reopenAfterwards = true;
    if (this.#phase.name !== "open") return;
    this.#phase.socket.close(linkClose.LOST);
    this.#onBroken();
  }

  /** A sibling session is subscribed: if this subscription is draining, a new one follows it. */
  reopenAfterDrain(): void {
    this.#retry();
    if (this.#phase.name === "draining") this.#reopenAfterwards = true;
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
    const unsent = [...this.#pending.values(), ...this.#waiting];
    this.#pending.clear();
    this.#waiting = [];
    for (const forwarded of unsent) this.#owner.refuseLost(forwarded);
  }

  /** Opens a paused subscription again, unless it failed just now. */
  #retry(): void {
    if (this.#phase.name !== "paused") return;
    if (this.#failedAt !== undefined && elapsed(this.#failedAt, this.#owner.now()) < SOONEST) return;
    this.#phase.end();
    this.#reopen();
  }

  #reopen(): void {
    this.#phase = { name: "opening" };
    void this.#open();
  }

  async #open(): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    /** Whether this attempt failed, or the subscription ended, meanwhile: its events are ignored. */
    const isStale = () => attempt !== this.#attempt || this.#phase.name === "over";
    const request = { ...this.#owner.request(this.conversationId), conversationId: this.conversationId };
    let connected: LinkSocket | "missing";
    // Frames can arrive before the promise of the socket resolves.
    const early: Uint8Array[] = [];
    let socket: LinkSocket | undefined;
    const events = {
      frame: (data: Uint8Array) => {
        if (isStale()) return;
        if (socket === undefined) early.push(data);
        else this.#onFrame(socket, data);
      },
      closed: () => {
        if (!isStale()) this.#onBroken();
      },
    };
    try {
      connected = await this.#owner.dial(request, events);
    } catch {
      if (!isStale()) this.#onBroken();
      return;
    }
    if (isStale()) {
      if (connected !== "missing") connected.close(linkClose.LOST);
      return;
    }
    if (connected === "missing") {
      this.#phase = { name: "over" };
      for (const forwarded of this.#waiting) this.#owner.refuseMissing(forwarded);
      this.#owner.unsubscribed(this.conversationId, "");
      return this.#owner.closed(this, [], false);
    }
    socket = connected;
    this.#phase = { name: "opening", socket };
    for (const data of early) if (!isStale()) this.#onFrame(socket, data);
  }

  #onFrame(socket: LinkSocket, data: Uint8Array): void {
    if (this.#phase.name === "over") return;
    let records = readRecords(data);
    const [first] = records;
    if (this.#phase.name === "opening" && first?.kind === "control") {
      const opened = readControl<ConversationControl>(first.payload);
      if (opened.type === "opened") {
        const { epoch, since, head } = opened;
        this.#phase = { name: "open", socket };
        this.#isEvicted = false;
        records = records.slice(1);
        this.#receive(records);
        this.#owner.subscribed(this.conversationId, epoch, since, head);
        if (this.#owner.isBehind(this.conversationId, head)) return this.resync();
        this.#transmitWaiting(socket);
      }
      return;
    }
    if (this.#phase.name === "open" || this.#phase.name === "draining") this.#receive(records);
  }

  #receive(records: LinkRecord[]): void {
    for (const record of records) {
      if (record.kind === "reply") this.#pending.delete(record.serial);
      if (record.kind === "control") this.#onControl(readControl<ConversationControl>(record.payload));
    }
    this.#owner.receive(this.conversationId, records);
    if (this.#phase.name === "draining" && this.#pending.size === 0) this.#drained(this.#phase.socket);
  }

  #onControl(control: ConversationControl): void {
    if (control.type === "shown") return this.#owner.shown(this.conversationId, control.upTo);
    if (control.type !== "unsubscribed" || this.#phase.name !== "open") return;
    this.#phase = { name: "draining", socket: this.#phase.socket };
    this.#owner.unsubscribed(this.conversationId, control.epoch);
  }

  #drained(socket: LinkSocket): void {
    this.#phase = { name: "over" };
    socket.close(linkClose.UNSUBSCRIBED);
    this.#owner.closed(this, this.#waiting.splice(0), this.#reopenAfterwards);
  }

  /**
   * The link broke, or could not be opened: frames that are safe to repeat are sent again, the others are refused (L7).
   * A conversation that breaks again soon stays broken for longer, as with a full disk or a damaged file. Then all
   * frames are refused.
   */
  #onBroken(): void {
    if (this.#phase.name === "over" || this.#phase.name === "paused") return;
    const now = this.#owner.now();
    const memory = FAILURE_MEMORY + this.#pause;
    const failedBefore = this.#failedAt !== undefined && elapsed(this.#failedAt, now) < memory;
    this.#failedAt = now;
    if (!failedBefore) this.#pause = 0;
    const again = failedBefore ? [] : this.#repeatable();
    if (!this.#owner.hasPosition(this.conversationId)) {
      this.#phase = { name: "over" };
      if (failedBefore) this.refusePending();
      return this.#owner.lostPosition(this, [...again, ...this.#waiting.splice(0)]);
    }
    if (failedBefore) {
      this.#pause = Math.min(Math.max(this.#pause * 2, PAUSES.first), PAUSES.last);
      this.#phase = { name: "paused", end: this.#owner.timer(this.#pause, () => this.#reopen()) };
      this.#owner.reopening(this);
      return this.refusePending();
    }
    this.#waiting = [...again, ...this.#waiting];
    this.#owner.reopening(this);
    // The session may have ended in the call above.
    if (!this.#isOver) this.#reopen();
  }

  get #isOver(): boolean {
    return this.#phase.name === "over";
  }

  /** The pending frames that may be sent again. The others are refused. */
  #repeatable(): Forwarded[] {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const frame of pending) if (!isRepeatable(frame.command)) this.#owner.refuseLost(frame);
    return pending.filter(({ command }) => isRepeatable(command));
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
