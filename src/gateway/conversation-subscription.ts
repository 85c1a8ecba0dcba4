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

/** The session a link belongs to, as the link sees it. */
export interface SubscriptionOwner {
  dial: Dial<SubscriptionRequest>;
  now(): number;
  request(conversationId: string): Omit<SubscriptionRequest, "conversationId">;
  /** Records of the conversation, in order. */
  receive(conversationId: string, records: LinkRecord[]): void;
  /** It is open, and everything up to the head was brought by it or before. */
  subscribed(conversationId: string, epoch: Epoch, since: number, head: number): void;
  /** Whether the session should have been brought more than it was, up to this head. */
  isBehind(conversationId: string, head: number): boolean;
  /** The link was lost before it said where the session stands; these frames wait for a new catch-up. */
  lostTrack(link: ConversationSubscription, rest: Forwarded[]): void;
  /** Whether it is known up to where the session has seen the conversation. */
  hasMark(conversationId: string): boolean;
  /** The answer that follows shows the log up to here. */
  shown(conversationId: string, upTo: number): void;
  unsubscribed(conversationId: string, epoch: Epoch): void;
  /** The conversation does not exist: this frame has no other answer. */
  refuse(forwarded: Forwarded): void;
  /** A frame that must not be sent twice was lost with the link. */
  lose(forwarded: Forwarded): void;
  /** The link is over; frames it still held are to go by a new one, which is to be opened anyway if `again`. */
  over(link: ConversationSubscription, rest: Forwarded[], again: boolean): void;
  /** The link broke, and is being opened again or will be: until then the session may miss something. */
  reopening(link: ConversationSubscription): void;
  /** Runs once after this many milliseconds; returns how to call it off. */
  timer(milliseconds: number, run: () => void): () => void;
}

const FAILURE_MEMORY = 10_000; // ms: a link that breaks again within this has failed twice
/** Before a link that failed twice is opened again, in ms: at first, doubled each time, at most. */
const PAUSES = { first: 5_000, last: 60_000 };
/** Where a command wants it, it is opened sooner, but not before this (ms): breaking costs everybody subscribed there. */
const SOONEST = 1_000;

type Phase =
  /** With a socket from the moment it is dialled; the link is open once the conversation has said so on it. */
  | { name: "opening"; socket?: LinkSocket }
  | { name: "open"; socket: LinkSocket }
  /** Unlinked for room: the last answers are awaited, then it closes (L4). */
  | { name: "draining"; socket: LinkSocket }
  /** It failed twice: it waits, and commands are refused or make it try (L7). */
  | { name: "paused"; end: () => void }
  | { name: "over" };

/** One session's link to one conversation: opened on demand, in order, reopened where it broke (L1, L4, L7). */
export class ConversationSubscription {
  readonly conversationId: string;
  /** When the session last wanted it (ms). */
  lastUsedAt = 0;
  readonly #owner: SubscriptionOwner;
  #phase: Phase = { name: "opening" };
  /** Frames that wait for the link, in order. */
  #waiting: Forwarded[] = [];
  /** Frames whose answer has not come, by serial. */
  readonly #unanswered = new Map<number, Forwarded>();
  #failedAt: number | undefined;
  /** How long it waited the last time (ms), or 0. */
  #pause = 0;
  #unsubscribeAsked = false;
  /** Counts dials: one that broke must not be heard any more. */
  #attempt = 0;
  #again = false;

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

  /** Whether it can give way: it is open and was not asked to yet. */
  get canUnsubscribe(): boolean {
    return this.#phase.name === "open" && !this.#unsubscribeAsked;
  }

  send(forwarded: Forwarded): void {
    if (this.#phase.name === "open") return this.#transmit(this.#phase.socket, forwarded);
    this.#retry();
    if (this.#phase.name === "paused") this.#owner.lose(forwarded);
    else this.#waiting.push(forwarded);
  }

  /** Asks the conversation to let the whole client go, for room (L4). */
  unsubscribe(): void {
    if (this.#phase.name !== "open" || this.#unsubscribeAsked) return;
    this.#unsubscribeAsked = true;
    const word: ConversationRequest = { type: "unsubscribe" };
    this.#phase.socket.send(JSON.stringify(word));
  }

  /** The session missed something: the link is opened again, and replays from where the session is. */
  resync(): void {
    this.#retry();
    if (this.#phase.name === "draining") this.#again = true;
    if (this.#phase.name !== "open") return;
    this.#phase.socket.close(linkClose.LOST);
    this.#broke();
  }

  /** A sibling is subscribed: if this link is on its way out, another has to follow it. */
  reopenAfterDrain(): void {
    this.#retry();
    if (this.#phase.name === "draining") this.#again = true;
  }

  /** The session is over. */
  close(code: number): void {
    const phase = this.#phase;
    this.#phase = { name: "over" };
    if (phase.name === "paused") phase.end();
    else if (phase.name !== "over") phase.socket?.close(code);
  }

  /** Whatever has no answer yet is refused. */
  giveUp(): void {
    const given = [...this.#unanswered.values(), ...this.#waiting];
    this.#unanswered.clear();
    this.#waiting = [];
    for (const forwarded of given) this.#owner.lose(forwarded);
  }

  /** Somebody wants the link while it is paused. */
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
    /** Broken, or over, before it came to anything: what still comes of it is nothing to us. */
    const isStale = () => attempt !== this.#attempt || this.#phase.name === "over";
    const request = { ...this.#owner.request(this.conversationId), conversationId: this.conversationId };
    let dialled: LinkSocket | "missing";
    // Frames can come before the dialling promise has told us of the socket.
    const early: Uint8Array[] = [];
    let socket: LinkSocket | undefined;
    const events = {
      frame: (data: Uint8Array) => {
        if (isStale()) return;
        if (socket === undefined) early.push(data);
        else this.#frame(socket, data);
      },
      closed: () => {
        if (!isStale()) this.#broke();
      },
    };
    try {
      dialled = await this.#owner.dial(request, events);
    } catch {
      if (!isStale()) this.#broke();
      return;
    }
    if (isStale()) {
      if (dialled !== "missing") dialled.close(linkClose.LOST);
      return;
    }
    if (dialled === "missing") {
      this.#phase = { name: "over" };
      for (const forwarded of this.#waiting) this.#owner.refuse(forwarded);
      this.#owner.unsubscribed(this.conversationId, "");
      return this.#owner.over(this, [], false);
    }
    socket = dialled;
    this.#phase = { name: "opening", socket };
    for (const data of early) if (!isStale()) this.#frame(socket, data);
  }

  #frame(socket: LinkSocket, data: Uint8Array): void {
    if (this.#phase.name === "over") return;
    let records = readRecords(data);
    const [first] = records;
    if (this.#phase.name === "opening" && first?.kind === "control") {
      const opened = readControl<ConversationControl>(first.payload);
      if (opened.type === "opened") {
        const { epoch, since, head } = opened;
        this.#phase = { name: "open", socket };
        this.#unsubscribeAsked = false;
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
      if (record.kind === "reply") this.#unanswered.delete(record.serial);
      if (record.kind === "control") this.#hear(readControl<ConversationControl>(record.payload));
    }
    this.#owner.receive(this.conversationId, records);
    if (this.#phase.name === "draining" && this.#unanswered.size === 0) this.#drained(this.#phase.socket);
  }

  #hear(word: ConversationControl): void {
    if (word.type === "shown") return this.#owner.shown(this.conversationId, word.upTo);
    if (word.type !== "unsubscribed" || this.#phase.name !== "open") return;
    this.#phase = { name: "draining", socket: this.#phase.socket };
    this.#owner.unsubscribed(this.conversationId, word.epoch);
  }

  #drained(socket: LinkSocket): void {
    this.#phase = { name: "over" };
    socket.close(linkClose.UNSUBSCRIBED);
    this.#owner.over(this, this.#waiting.splice(0), this.#again);
  }

  /**
   * The link broke, or could not be opened: what is safe to repeat goes again, the rest is answered (L7). What breaks
   * again soon is broken for longer, as where a disk is full or a file damaged: everything is answered then.
   */
  #broke(): void {
    if (this.#phase.name === "over" || this.#phase.name === "paused") return;
    const now = this.#owner.now();
    const memory = FAILURE_MEMORY + this.#pause;
    const failedBefore = this.#failedAt !== undefined && elapsed(this.#failedAt, now) < memory;
    this.#failedAt = now;
    if (!failedBefore) this.#pause = 0;
    const again = failedBefore ? [] : this.#repeatable();
    if (!this.#owner.hasMark(this.conversationId)) {
      this.#phase = { name: "over" };
      if (failedBefore) this.giveUp();
      return this.#owner.lostTrack(this, [...again, ...this.#waiting.splice(0)]);
    }
    if (failedBefore) {
      this.#pause = Math.min(Math.max(this.#pause * 2, PAUSES.first), PAUSES.last);
      this.#phase = { name: "paused", end: this.#owner.timer(this.#pause, () => this.#reopen()) };
      this.#owner.reopening(this);
      return this.giveUp();
    }
    this.#waiting = [...again, ...this.#waiting];
    this.#owner.reopening(this);
    // Those who hear of it may have ended the session.
    if (!this.#isOver) this.#reopen();
  }

  get #isOver(): boolean {
    return this.#phase.name === "over";
  }

  /** What was sent and not answered, as far as it may be sent again; the rest is refused. */
  #repeatable(): Forwarded[] {
    const unanswered = [...this.#unanswered.values()];
    this.#unanswered.clear();
    for (const one of unanswered) if (!isRepeatable(one.command)) this.#owner.lose(one);
    return unanswered.filter(({ command }) => isRepeatable(command));
  }

  /** A socket can turn out to be gone at any of them: the rest waits for the next. */
  #transmitWaiting(socket: LinkSocket): void {
    while (this.#phase.name === "open" && this.#phase.socket === socket) {
      const forwarded = this.#waiting.shift();
      if (forwarded === undefined) return;
      this.#transmit(socket, forwarded);
    }
  }

  #transmit(socket: LinkSocket, forwarded: Forwarded): void {
    const { serial } = forwarded.command;
    if (serial !== undefined) this.#unanswered.set(serial, forwarded);
    socket.send(forwarded.frame);
  }
}
