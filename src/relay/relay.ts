import { loggableError } from "../loggable-error.ts";
import { decodeCommand } from "../protocol/decode.ts";
import { framesIn } from "../protocol/joined-frames.ts";
import type {
  ConversationControl,
  ConversationRequest,
  SubscriptionRequest,
} from "../protocol/link-controls.ts";
import { controlRecord, joinRecords, replyRecord, storedRecord } from "../protocol/link-records.ts";
import type {
  RelayAudience,
  RelayBatch,
  RelayEntry,
  RelayedOutcome,
  RelayedPosition,
  RelayedReplay,
  RelayedSubscriber,
  RelayRegistered,
  RelayReport,
  TooFarBehind,
} from "../protocol/relay-calls.ts";
import * as replies from "../protocol/replies.ts";
import { type Entrance, Entrances } from "./entrances.ts";
import { FeedPosition } from "./feed-position.ts";
import { openingFrame } from "./opening-frame.ts";
import { OrderedCommands } from "./ordered-commands.ts";
import { type Registered, Registration } from "./registration.ts";
import { type RelaySocket, RelaySubscribers } from "./relay-subscribers.ts";

/** The conversation, as a relay calls it. Every call has a deadline and may reject. */
export interface RelayServices {
  /** Registers the relay; undefined if there is no conversation. */
  register(registration: string): Promise<RelayRegistered | undefined>;
  /** What a session lacks after its positions (ms); undefined if there is no conversation. */
  replay(
    subscriber: RelayedSubscriber,
    lacked: RelayedPosition,
  ): Promise<RelayedReplay | TooFarBehind | undefined>;
  /** Whether a session is to be in the audience; `isPresent` is its wish. */
  mayEnter(subscriber: RelayedSubscriber): Promise<boolean>;
  /** Carries out a command of a session; undefined if there is no conversation. */
  command(subscriber: RelayedSubscriber, frame: Uint8Array): Promise<RelayedOutcome | undefined>;
  report(report: RelayReport): Promise<void>;
  /** Waits for frames that are on their way. Rejects at a deadline. */
  inTime(frames: Promise<void>): Promise<void>;
  /** Calls `run` once after this many milliseconds, in memory only. */
  timer(milliseconds: number, run: () => void): unknown;
  /** The number of subscriptions from which on the relay is full. */
  capacity(): number;
}

export type RelayOutcome = "subscribed" | "no conversation" | "too far behind" | "full";

const REPORT_DELAY = 1_000; // ms

/**
 * One relay: it holds some subscriptions of a conversation's audience. All that it keeps are the attachments of their
 * sockets; whatever else it knows, the conversation tells it again (docs/rules.md, T1-T6).
 */
export class Relay {
  readonly #services: RelayServices;
  readonly #subscribers: RelaySubscribers;
  readonly #registration: Registration;
  readonly #commands: OrderedCommands<RelaySocket, Uint8Array>;
  readonly #position: FeedPosition;
  /** Subscriptions that are being opened. */
  readonly #opening = new Entrances();
  /** Sessions whose command is being carried out. */
  readonly #asking = new Entrances();
  #isReportDue = false;

  /** @param sockets those that survived hibernation */
  constructor(sockets: Iterable<RelaySocket>, services: RelayServices) {
    this.#services = services;
    this.#subscribers = new RelaySubscribers(sockets);
    this.#registration = new Registration((id) => services.register(id));
    this.#position = new FeedPosition((frames) => services.inTime(frames));
    this.#commands = new OrderedCommands((socket, frame) => this.#carryOut(socket, frame));
  }

  /**
   * Opens a subscription for a session that the gateway has authenticated.
   *
   * @param connect accepts the socket; called if the subscription can be opened
   */
  async open(request: SubscriptionRequest, connect: () => RelaySocket): Promise<RelayOutcome> {
    if (this.#subscribers.size + this.#opening.size >= this.#services.capacity()) return "full";
    return this.#opening.during(request.clientId, (entrance) => this.#open(request, entrance, connect));
  }

  async #open(
    request: SubscriptionRequest,
    entrance: Entrance,
    connect: () => RelaySocket,
  ): Promise<RelayOutcome> {
    const { admittedAt, sessions: _, since, isSinceWake, noticesAfter, ...subscriber } = request;
    let registered: Registered | undefined = await this.#registration.get();
    if (registered === undefined) return "no conversation";
    const isPresent = await this.#mayEnter(subscriber, registered.entry);
    const { isRoom } = registered.entry;
    const startsAtEnd = isRoom && (since === undefined || !isPresent);
    const lacked = {
      since: startsAtEnd ? registered.head : since,
      isSinceWake,
      noticesAfter: startsAtEnd ? registered.lastNotice : (noticesAfter ?? registered.lastNotice),
      admittedAt,
    };
    // What a service said before is for some, and the relay does not know for whom.
    const isOld = !isRoom || !registered.recent.reachesBackTo(lacked);
    const { id } = registered;
    const personalFrom = registered.recent.end;
    const old = isOld ? await this.#services.replay(subscriber, lacked) : undefined;
    if (old === "too far behind") return old;
    if (isOld && old === undefined) return "no conversation";
    registered = this.#registration.current;
    if (registered?.id !== id) throw new Error("the registration ended");
    // Its next try asks again.
    if (entrance.isOver && (isPresent || !isRoom)) throw new Error("let in or removed meanwhile");
    // No await from here on: what comes after this replay goes to the socket.
    const socket = connect();
    this.#subscribers.add(socket, { ...subscriber, isPresent, isEvicted: false });
    const asked = startsAtEnd ? { ...request, since: undefined, noticesAfter: undefined } : request;
    this.#subscribers.send(socket, openingFrame(asked, isPresent, old, personalFrom, registered));
    this.#changed();
    return "subscribed";
  }

  async #mayEnter(subscriber: RelayedSubscriber, { isFree, isRoom }: RelayEntry): Promise<boolean> {
    if (isFree || (isRoom && !subscriber.isPresent)) return subscriber.isPresent;
    return this.#services.mayEnter(subscriber);
  }

  /** A frame or a request arrived on the socket of a subscription. Resolves when it has been handled. */
  async received(socket: RelaySocket, data: ArrayBuffer | Uint8Array | string): Promise<void> {
    const subscriber = this.#subscribers.get(socket);
    if (subscriber === undefined) return socket.close(1011, "not subscribed");
    if (typeof data === "string") return this.#requested(socket, JSON.parse(data));
    const frames = framesIn(new Uint8Array(data));
    await Promise.all(
      frames.map(async (frame) => {
        if (!this.#answersItself(socket, subscriber, frame)) await this.#commands.add(socket, frame);
      }),
    );
  }

  #requested(socket: RelaySocket, { type }: ConversationRequest): void {
    if (type === "leave") {
      this.#setPresent(socket, false);
      // It may have been told the opposite before. Rooms alone are left so.
      return this.#subscribers.send(socket, control({ type: "presence", isPresent: false, isRoom: true }));
    }
    this.#subscribers.evict(socket);
    this.#subscribers.send(socket, control({ type: "unsubscribed" }));
    this.#changed();
  }

  #setPresent(socket: RelaySocket, isPresent: boolean): void {
    if (this.#subscribers.setPresent(socket, isPresent)) this.#changed();
  }

  /** Lets a session in or out of the audience, if the conversation need not be asked. Otherwise returns false. */
  #answersItself(
    socket: RelaySocket,
    { clientId, conversationId }: RelayedSubscriber,
    frame: Uint8Array,
  ): boolean {
    const entry = this.#registration.current?.entry;
    const command = decodeCommand(frame);
    if (command?.name !== "conversation.add" && command?.name !== "conversation.remove") return false;
    const isOwn = command.members.length > 0 && command.members.every((id) => id === clientId);
    if (entry?.isFree !== true || command.needsCheck || !isOwn) return false;
    const isPresent = command.name === "conversation.add";
    this.#setPresent(socket, isPresent);
    const { serial } = command;
    const change = { conversationId, allowed: [clientId], failed: [], updatedAt: entry.updatedAt };
    const reply = isPresent ? replies.membersAdded(serial, change) : replies.membersRemoved(serial, change);
    const head = this.#registration.current?.head ?? 0;
    const records = [
      // What was said before it came was not for it.
      storedRecord({ timestamp: head, previous: 0 }, 0, {}, new Uint8Array()),
      control({ type: "presence", isPresent, isRoom: entry.isRoom }),
    ];
    if (serial !== undefined) records.push(replyRecord(serial, reply));
    this.#subscribers.send(socket, joinRecords(records));
    return true;
  }

  /**
   * Has the conversation carry out a command. The answer waits for what was said before it. Resolves to whether the next
   * command of the session may follow.
   */
  async #carryOut(socket: RelaySocket, frame: Uint8Array): Promise<boolean> {
    const subscriber = this.#subscribers.get(socket);
    // Its session repeats what had no answer, by its next subscription (L7.4).
    if (subscriber === undefined) return false;
    const { isEvicted: _, ...identity } = subscriber;
    try {
      const { outcome, isOver } = await this.#asking.during(identity.clientId, async (entrance) => {
        const answer = await this.#services.command(identity, frame);
        if (answer?.after !== undefined) await this.#position.upTo(answer.after);
        return { outcome: answer, isOver: entrance.isOver };
      });
      if (outcome === undefined) this.#subscribers.drop(socket);
      else {
        const { frame: answer, isPresent = identity.isPresent } = outcome;
        // The session may have come or gone by itself meanwhile.
        const isChanged = isPresent !== identity.isPresent;
        if (isChanged) this.#setPresent(socket, isPresent && !subscriber.isEvicted);
        if (answer.length > 0) this.#subscribers.send(socket, answer);
        if (isChanged && isPresent && isOver) this.#subscribers.drop(socket);
      }
      return outcome !== undefined;
    } catch (error) {
      console.error("relayed command:", loggableError(error));
      // It may have been carried out: the session asks again, from its own position on (L7).
      this.#subscribers.drop(socket);
      this.#changed();
      return false;
    }
  }

  closed(socket: RelaySocket): void {
    if (this.#subscribers.remove(socket)) this.#changed();
  }

  /** The conversation sends the audience something. */
  deliver(batch: RelayBatch): RelayReport {
    if (batch.hasGap) {
      // The next session registers the relay again, and is told what is new.
      this.#registration.end();
      this.#subscribers.dropAll();
    }
    this.#registration.received(batch);
    this.#subscribers.broadcast(batch.frames);
    for (const { narrowed } of batch.frames) {
      if (narrowed?.isFirst === true) this.#opening.removed(narrowed);
      if (narrowed?.isLast)
        for (const entrances of [this.#opening, this.#asking]) entrances.removed(narrowed);
    }
    this.#position.reached(batch.end);
    return this.#report(batch.registration);
  }

  /** The conversation is gone. */
  close(): void {
    this.#registration.end();
    this.#subscribers.dropAll();
  }

  /** Some clients of the audience, and how many there are. */
  audience(limit: number): RelayAudience {
    const { clients, size: subscriptions } = this.#subscribers;
    return { clientIds: this.#subscribers.sample(limit), clients, subscriptions };
  }

  /** The clients of the audience that are in the first of so many parts. */
  part(parts: number): string[] {
    return this.#subscribers.part(parts);
  }

  /** Those of some clients that are in the audience here. */
  presentAmong(clientIds: readonly string[]): string[] {
    return clientIds.filter((clientId) => this.#subscribers.isPresent(clientId));
  }

  /** The audience has changed: the conversation hears of it a second later, together with what changes until then. */
  #changed(): void {
    if (this.#isReportDue) return;
    this.#isReportDue = true;
    this.#services.timer(REPORT_DELAY, () => {
      this.#isReportDue = false;
      const id = this.#registration.current?.id;
      // The answer to the conversation's next call says it too.
      this.#services.report(this.#report(id)).catch(() => {});
    });
  }

  #report(registration: string | undefined): RelayReport {
    const subscriptions = this.#subscribers.size + this.#opening.size;
    // By this report the conversation forgets the relay. The next session registers it again.
    if (subscriptions === 0) this.#registration.end();
    return { registration, subscriptions, clients: this.#subscribers.clients };
  }
}

function control(content: ConversationControl): Uint8Array {
  return controlRecord(content);
}
