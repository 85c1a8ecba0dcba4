import type { ConversationCommand } from "../conversation/commands.ts";
import { isRepeatable } from "../conversation/commands.ts";
import { elapsed } from "../elapsed.ts";
import type {
  ConversationControl,
  ConversationRequest,
  LinkRequest,
  Period,
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
export interface LinkOwner {
  dial: Dial<LinkRequest>;
  now(): number;
  request(conversationId: string): Omit<LinkRequest, "conversationId">;
  /** Records of the conversation, in order. */
  receive(conversationId: string, records: LinkRecord[]): void;
  linked(conversationId: string, period: Period, since: number): void;
  /** Whether the session should have been brought more than it was, up to this head. */
  isBehind(conversationId: string, head: number): boolean;
  /** The link was lost before it said where the session stands; these frames wait for a new catch-up. */
  lostTrack(link: ConversationLink, rest: Forwarded[]): void;
  /** Whether it is known up to where the session has seen the conversation. */
  hasMark(conversationId: string): boolean;
  /** The answer that follows shows the log up to here. */
  shown(conversationId: string, upTo: number): void;
  unlinked(conversationId: string, period: Period): void;
  /** The conversation does not exist: this frame has no other answer. */
  refuse(forwarded: Forwarded): void;
  /** A frame that must not be sent twice was lost with the link. */
  lose(forwarded: Forwarded): void;
  /** The link is over; frames it still held are to go by a new one, which is to be opened anyway if `again`. */
  over(link: ConversationLink, rest: Forwarded[], again: boolean): void;
  /** The link broke twice: only a new login can repair the session (L7). */
  broken(): void;
}

const FAILURE_MEMORY = 10_000; // ms: a link that breaks again within this has failed twice

type Phase =
  /** With a socket from the moment it is dialled; the link is open once the conversation has said so on it. */
  | { name: "opening"; socket?: LinkSocket }
  | { name: "open"; socket: LinkSocket }
  /** Unlinked for room: the last answers are awaited, then it closes (L4). */
  | { name: "draining"; socket: LinkSocket }
  | { name: "over" };

/** One session's link to one conversation: opened on demand, in order, reopened where it broke (L1, L4, L7). */
export class ConversationLink {
  readonly conversationId: string;
  /** When the session last wanted it (ms). */
  lastUsedAt = 0;
  readonly #owner: LinkOwner;
  #phase: Phase = { name: "opening" };
  /** Frames that wait for the link, in order. */
  #waiting: Forwarded[] = [];
  /** Frames whose answer has not come, by serial. */
  readonly #unanswered = new Map<number, Forwarded>();
  #failedAt: number | undefined;
  #unlinkAsked = false;
  /** Counts dials: one that broke must not be heard any more. */
  #attempt = 0;
  #again = false;

  constructor(owner: LinkOwner, conversationId: string) {
    this.conversationId = conversationId;
    this.#owner = owner;
    void this.#open();
  }

  get isOpening(): boolean {
    return this.#phase.name === "opening";
  }

  /** Whether it can give way: it is open and was not asked to yet. */
  get canUnlink(): boolean {
    return this.#phase.name === "open" && !this.#unlinkAsked;
  }

  send(forwarded: Forwarded): void {
    if (this.#phase.name === "open") this.#transmit(this.#phase.socket, forwarded);
    else this.#waiting.push(forwarded);
  }

  /** Asks the conversation to let the whole client go, for room (L4). */
  unlink(): void {
    if (this.#phase.name !== "open" || this.#unlinkAsked) return;
    this.#unlinkAsked = true;
    const word: ConversationRequest = { type: "unlink" };
    this.#phase.socket.send(JSON.stringify(word));
  }

  /** The session missed something: the link is opened again, and replays from where the session is. */
  resync(): void {
    if (this.#phase.name === "draining") this.#again = true;
    if (this.#phase.name !== "open") return;
    this.#phase.socket.close(linkClose.LOST);
    this.#broke();
  }

  /** A sibling is linked: if this link is on its way out, another has to follow it. */
  wantAgain(): void {
    if (this.#phase.name === "draining") this.#again = true;
  }

  /** The session is over. */
  close(code: number): void {
    const phase = this.#phase;
    this.#phase = { name: "over" };
    if (phase.name !== "over") phase.socket?.close(code);
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
      this.#owner.unlinked(this.conversationId, "");
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
        const { period, since, head } = opened;
        this.#phase = { name: "open", socket };
        this.#unlinkAsked = false;
        records = records.slice(1);
        this.#receive(records);
        this.#owner.linked(this.conversationId, period, since);
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
    if (word.type !== "unlinked" || this.#phase.name !== "open") return;
    this.#phase = { name: "draining", socket: this.#phase.socket };
    this.#owner.unlinked(this.conversationId, word.period);
  }

  #drained(socket: LinkSocket): void {
    this.#phase = { name: "over" };
    socket.close(linkClose.UNLINKED);
    this.#owner.over(this, this.#waiting.splice(0), this.#again);
  }

  /** The link broke, or could not be opened: what is safe to repeat goes again, the rest is answered (L7). */
  #broke(): void {
    if (this.#phase.name === "over") return;
    const now = this.#owner.now();
    const failedBefore = this.#failedAt !== undefined && elapsed(this.#failedAt, now) < FAILURE_MEMORY;
    this.#failedAt = now;
    if (failedBefore) {
      this.#phase = { name: "over" };
      return this.#owner.broken();
    }
    const again: Forwarded[] = [];
    for (const forwarded of this.#unanswered.values()) {
      if (isRepeatable(forwarded.command)) again.push(forwarded);
      else this.#owner.lose(forwarded);
    }
    this.#unanswered.clear();
    this.#waiting = [...again, ...this.#waiting];
    if (!this.#owner.hasMark(this.conversationId)) {
      this.#phase = { name: "over" };
      return this.#owner.lostTrack(this, this.#waiting.splice(0));
    }
    this.#phase = { name: "opening" };
    void this.#open();
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
