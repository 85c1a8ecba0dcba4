import { refusalWithoutConversation } from "../../conversation/commands.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import type {
  ConversationControl,
  ConversationRequest,
  OpenedSubscription,
} from "../../protocol/link-controls.ts";
import { linkClose } from "../../protocol/link-controls.ts";
import { type LinkRecord, readControl, readRecords } from "../../protocol/link-records.ts";
import type { Forwarded } from "./forwarding.ts";
import type { LinkOutcome, LinkSocket, OpeningLinkEvents } from "./link-socket.ts";
import { SubscriptionFailures } from "./subscription-failures.ts";
import { SubscriptionFrames } from "./subscription-frames.ts";
import type { SubscriptionPhase } from "./subscription-phase.ts";
import { SubscriptionPresence } from "./subscription-presence.ts";

/** What a subscription needs of its session. */
export interface SubscriptionOwner {
  now(): number;
  /** Calls `run` once after this many milliseconds. Returns a function that cancels it. */
  timer(milliseconds: number, run: () => void): () => void;
  /** Opens a link to a conversation, from the session's positions on; `missing` if there is none. May reject. */
  openLink(conversationId: string, isPresent: boolean, events: OpeningLinkEvents): Promise<LinkOutcome>;
  /**
   * Forgets what the session was woken for, if the replay that a subscription opens with has it. Returns whether it has.
   */
  settleWakes(conversationId: string, opened: OpenedSubscription): boolean;
  /** The replay was received. Returns whether it reached the end of the log. */
  replayed(conversationId: string, opened: OpenedSubscription): boolean;
  /** Records of the conversation, in order. */
  receive(conversationId: string, records: LinkRecord[]): void;
  /** The reply that follows shows the log up to here. */
  shown(conversationId: string, upTo: number): void;
  /** The session is in the audience of the conversation, or no longer. */
  presenceChanged(subscription: ConversationSubscription, isPresent: boolean, isRoom: boolean): void;
  subscribed(subscription: ConversationSubscription): void;
  unsubscribed(conversationId: string): void;
  /** The link broke and will be opened again. Until then the session may miss something. */
  reopening(subscription: ConversationSubscription): void;
  /** The subscription ended. What is left of it goes by a new one, which is opened in any case if there are events. */
  closed(subscription: ConversationSubscription, rest: Forwarded[], events: LinkRecord[] | undefined): void;
  refuse(forwarded: Forwarded, error: ErrorName): void;
  /** The conversation replays no more to this session: only a new login helps (L7.3). */
  tooFarBehind(): void;
}

/** Events that are held for a subscription which is not open: a conversation keeps half as many for a client. */
const HELD_EVENTS = 400;

/**
 * One session's subscription to one conversation: opened on demand, with its frames in order, reopened when it breaks
 * (L1, L4, L7).
 */
export class ConversationSubscription {
  readonly conversationId: string;
  readonly #owner: SubscriptionOwner;
  #phase: SubscriptionPhase = { name: "opening", socket: undefined };
  readonly #frames = new SubscriptionFrames();
  /** Events of wakes and of an opening subscription, until it has brought what was before them. */
  readonly #heldEvents: LinkRecord[] = [];
  #failures: SubscriptionFailures | undefined;
  /** Counts the attempts to open it: events of an attempt that failed are ignored (L7.2). */
  #attempt = 0;
  /** Whether the session hears what goes to everybody there, and would miss it without the subscription (L1). */
  readonly #presence = new SubscriptionPresence();

  constructor(owner: SubscriptionOwner, conversationId: string) {
    this.conversationId = conversationId;
    this.#owner = owner;
  }

  /** Opens it. To be called once, when its session knows it: the session may end in this call. */
  open(): void {
    void this.#open();
  }

  get isPresent(): boolean {
    return this.#presence.isPresent;
  }

  /** The session wants to be in the audience. To be called before the subscription is opened. */
  enter(): void {
    this.#presence.enter();
  }

  /** The session leaves the audience. */
  leave(): void {
    this.#presence.leave(this.#phase.name === "open" ? this.#phase.socket : undefined);
  }

  /** Whether commands wait until it is open. */
  get hasWaiting(): boolean {
    return this.#frames.waiting.length > 0;
  }

  get isPaused(): boolean {
    return this.#phase.name === "paused";
  }

  get isOpen(): boolean {
    return this.#phase.name === "open";
  }

  get #isOver(): boolean {
    return this.#phase.name === "over";
  }

  send(forwarded: Forwarded): void {
    const phase = this.#phase;
    const isServed = phase.name === "open" || (phase.name === "evicted" && !phase.isConfirmed);
    if (isServed) return this.#frames.send(phase.socket, forwarded);
    this.#retry();
    if (this.#phase.name === "paused") this.#owner.refuse(forwarded, "INTERNAL_ERROR");
    else this.#frames.wait(forwarded);
  }

  /** Makes room for another subscription (L4). */
  evict(): void {
    if (this.#phase.name !== "open") return;
    const { socket } = this.#phase;
    this.#phase = { name: "evicted", socket, isConfirmed: false, reopens: false };
    const request: ConversationRequest = { type: "unsubscribe" };
    socket.send(JSON.stringify(request));
  }

  /** The session missed something: opens the subscription again, which replays the log after the session's position. */
  resync(): void {
    if (this.#phase.name !== "open") return this.wake();
    this.#phase.socket.close(linkClose.LOST);
    // The link did not fail. If that does not help, something else has.
    this.#failures ??= new SubscriptionFailures();
    if (this.#failures.resynced(this.#owner.now())) this.#reopenWith(this.#takeRepeatable());
    else this.#onBroken();
  }

  /**
   * There is something new. If the subscription is not open or does not have it, it is opened again, at once or after it
   * has drained.
   *
   * @param events that follow what the subscription brings when it opens
   */
  wake(events: LinkRecord[] = []): void {
    this.#retry();
    if (this.#phase.name === "evicted") this.#phase.reopens = true;
    if (this.#phase.name === "open" && this.#owner.settleWakes(this.conversationId, this.#phase.opened))
      return this.#owner.receive(this.conversationId, events);
    this.#hold(events);
    if (this.#phase.name === "open") this.resync();
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
    for (const forwarded of this.#frames.takeAll()) this.#owner.refuse(forwarded, "INTERNAL_ERROR");
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
    const isStale = () => attempt !== this.#attempt || this.#isOver || this.isPaused;
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
      const result = await this.#owner.openLink(this.conversationId, this.#presence.opening(), events);
      if (isStale()) return;
      if (result === "missing") this.#onMissing();
      if (result === "too far behind") this.#owner.tooFarBehind();
    } catch {
      if (!isStale()) this.#onBroken();
    }
  }

  #onMissing(): void {
    this.#phase = { name: "over" };
    for (const forwarded of this.#frames.waiting)
      this.#owner.refuse(forwarded, refusalWithoutConversation(forwarded.command, this.conversationId));
    this.#owner.unsubscribed(this.conversationId);
    this.#owner.closed(this, [], undefined);
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
    this.#phase = { name: "open", socket, opened };
    // Events that came with wakes were sent before these.
    this.#hold(records.filter(({ kind }) => kind === "event"));
    // The session was woken for something older while the subscription opened.
    if (!this.#owner.settleWakes(this.conversationId, opened)) return this.resync();
    this.#receive(records.filter(({ kind }) => kind !== "event"));
    if (!this.#owner.replayed(this.conversationId, opened)) return this.resync();
    this.#owner.receive(this.conversationId, this.#heldEvents.splice(0));
    // Before it can be evicted for another one: what waits for it would only wait for the next.
    this.#transmitWaiting(socket);
    if (this.#phase.name === "open") this.#owner.subscribed(this);
  }

  #hold(events: LinkRecord[]): void {
    const held = events.slice(0, HELD_EVENTS - this.#heldEvents.length);
    // A copy does not keep the replay around it in memory.
    for (const event of held) this.#heldEvents.push({ ...event, payload: event.payload.slice() });
  }

  #receive(records: LinkRecord[]): void {
    for (const record of records) {
      if (record.kind === "reply") this.#frames.answered(record.serial);
      if (record.kind === "unread") this.#frames.counted();
      if (record.kind === "control") this.#onControl(readControl<ConversationControl>(record.payload));
    }
    this.#owner.receive(this.conversationId, records);
    const phase = this.#phase;
    if (phase.name === "evicted" && phase.isConfirmed && this.#frames.isAnswered) this.#onDrained(phase);
  }

  #onControl(control: ConversationControl): void {
    if (control.type === "shown") return this.#owner.shown(this.conversationId, control.upTo);
    if (control.type === "presence") return this.#onPresence(control);
    if (control.type !== "unsubscribed" || this.#phase.name !== "evicted") return;
    this.#phase.isConfirmed = true;
    this.#owner.unsubscribed(this.conversationId);
  }

  #onPresence({ isPresent, isRoom }: ConversationControl & { type: "presence" }): void {
    const phase = this.#phase;
    if (isPresent && phase.name === "evicted") phase.reopens = true;
    const isWanted = this.#presence.told(isPresent, phase.name === "open" ? phase.socket : undefined);
    if (isWanted) this.#owner.presenceChanged(this, isPresent, isRoom);
  }

  #onDrained({ socket, reopens }: SubscriptionPhase & { name: "evicted" }): void {
    this.#phase = { name: "over" };
    socket.close(linkClose.UNSUBSCRIBED);
    this.#owner.closed(this, this.#frames.takeWaiting(), reopens ? this.#heldEvents : undefined);
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
    if (pause > 0) {
      this.#phase = { name: "paused", end: this.#owner.timer(pause, () => this.#reopen()) };
      this.#owner.reopening(this);
      return this.refusePending();
    }
    this.#reopenWith(repeatable);
  }

  /** @param repeatable frames that are sent again, before those that wait */
  #reopenWith(repeatable: Forwarded[]): void {
    this.#frames.waitFirst(repeatable);
    this.#owner.reopening(this);
    // The session may have ended in the call above.
    if (!this.#isOver) this.#reopen();
  }

  /** The pending frames that may be sent again. The others are refused. */
  #takeRepeatable(): Forwarded[] {
    return this.#frames.takeRepeatable((forwarded) => this.#owner.refuse(forwarded, "INTERNAL_ERROR"));
  }

  /** The socket can fail at any of them: the rest waits for the next one. */
  #transmitWaiting(socket: LinkSocket): void {
    while (this.#phase.name === "open" && this.#phase.socket === socket)
      if (!this.#frames.sendNext(socket)) return;
  }
}
