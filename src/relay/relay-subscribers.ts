import { closeQuietly } from "../close-quietly.ts";
import type { ObjectSocket } from "../object-socket.ts";
import { linkClose } from "../protocol/link-controls.ts";
import { joinRecords } from "../protocol/link-records.ts";
import type { RelayedFrame, RelayedSubscriber } from "../protocol/relay-calls.ts";
import { isFor, shownAtRelay } from "./recent-frames.ts";
import { isInPart } from "./tree.ts";

/** A session at a relay, as the attachment of its socket keeps it through hibernation. */
export interface RelaySubscriber extends RelayedSubscriber {
  /** It makes room for another one of its session, and carries replies alone (L4). */
  isEvicted: boolean;
}

export type RelaySocket = ObjectSocket<RelaySubscriber>;

/** The subscriptions that a relay holds, and which of them are in the audience. */
export class RelaySubscribers {
  readonly #subscribers = new Map<RelaySocket, RelaySubscriber>();
  readonly #sockets = new Map<string, RelaySocket>();
  /** The number of subscriptions in the audience, by client. */
  readonly #clients = new Map<string, number>();

  /** @param sockets those that survived hibernation */
  constructor(sockets: Iterable<RelaySocket>) {
    for (const socket of sockets) {
      const subscriber = socket.deserializeAttachment();
      if (subscriber !== null) this.#keep(socket, subscriber);
    }
  }

  get size(): number {
    return this.#subscribers.size;
  }

  /** Different clients in the audience. */
  get clients(): number {
    return this.#clients.size;
  }

  get(socket: RelaySocket): RelaySubscriber | undefined {
    return this.#subscribers.get(socket);
  }

  /** Some clients of the audience. */
  sample(limit: number): string[] {
    return [...this.#clients.keys()].slice(0, limit);
  }

  /** The clients of the audience that are in the first of so many parts. */
  part(parts: number): string[] {
    return [...this.#clients.keys()].filter((clientId) => isInPart(clientId, parts));
  }

  isPresent(clientId: string): boolean {
    return this.#clients.has(clientId);
  }

  add(socket: RelaySocket, subscriber: RelaySubscriber): void {
    // Its last one broke, even if that was not noticed here.
    const last = this.#sockets.get(subscriber.sessionId);
    if (last !== undefined) this.drop(last);
    this.#keep(socket, subscriber);
    socket.serializeAttachment(subscriber);
  }

  #keep(socket: RelaySocket, subscriber: RelaySubscriber): void {
    this.#subscribers.set(socket, subscriber);
    this.#sockets.set(subscriber.sessionId, socket);
    if (subscriber.isPresent) this.#count(subscriber.clientId, 1);
  }

  #count(clientId: string, by: 1 | -1): void {
    const count = (this.#clients.get(clientId) ?? 0) + by;
    if (count > 0) this.#clients.set(clientId, count);
    else this.#clients.delete(clientId);
  }

  /** The socket is closed. Returns whether it was a subscription. */
  remove(socket: RelaySocket): boolean {
    const subscriber = this.#subscribers.get(socket);
    if (subscriber === undefined) return false;
    this.#subscribers.delete(socket);
    if (this.#sockets.get(subscriber.sessionId) === socket) this.#sockets.delete(subscriber.sessionId);
    if (subscriber.isPresent) this.#count(subscriber.clientId, -1);
    return true;
  }

  /** The session is in the audience from now on, or no longer. Returns whether that is news. */
  setPresent(socket: RelaySocket, isPresent: boolean): boolean {
    const subscriber = this.#subscribers.get(socket);
    if (subscriber === undefined || subscriber.isPresent === isPresent) return false;
    subscriber.isPresent = isPresent;
    this.#count(subscriber.clientId, isPresent ? 1 : -1);
    socket.serializeAttachment(subscriber);
    return true;
  }

  /** The subscription carries replies alone from now on. */
  evict(socket: RelaySocket): void {
    const subscriber = this.#subscribers.get(socket);
    if (subscriber === undefined) return;
    this.setPresent(socket, false);
    subscriber.isEvicted = true;
    socket.serializeAttachment(subscriber);
  }

  /** Sends one frame to one session. A closing socket refuses frames; its close event follows. */
  send(socket: RelaySocket, frame: Uint8Array): void {
    if (!this.#subscribers.has(socket)) return;
    try {
      socket.send(frame);
    } catch {
      this.remove(socket);
    }
  }

  /** Sends to the audience. All that a session is sent goes as one frame: most of the cost is by frame, not by byte. */
  broadcast(frames: readonly RelayedFrame[]): void {
    const whole = joinRecords(frames.map(({ frame }) => frame));
    for (const [socket, subscriber] of this.#subscribers) {
      if (subscriber.isEvicted) continue;
      const shown = this.#shownInTurn(socket, subscriber, frames);
      const isWhole = shown.every((part, at) => part === frames[at]?.frame);
      const parts = shown.filter((part) => part !== undefined);
      if (parts.length > 0) this.send(socket, isWhole ? whole : joinRecords(parts));
    }
  }

  /** What a session is sent of each of some frames. By some of them it comes into the audience, or leaves it. */
  #shownInTurn(
    socket: RelaySocket,
    subscriber: RelaySubscriber,
    frames: readonly RelayedFrame[],
  ): (Uint8Array | undefined)[] {
    return frames.map((relayed) => {
      const shown = shownAtRelay(subscriber, relayed);
      const { narrowed } = relayed;
      const isTurn = narrowed?.isFirst === true || narrowed?.isLast === true;
      if (isTurn && isFor(subscriber.clientId, narrowed)) this.setPresent(socket, narrowed.isFirst === true);
      return shown;
    });
  }

  /** Closes a subscription. Its session opens another one, from its own position on. */
  drop(socket: RelaySocket): void {
    if (this.remove(socket)) closeQuietly(socket, linkClose.LOST);
  }

  dropAll(): void {
    for (const socket of [...this.#subscribers.keys()]) this.drop(socket);
  }
}
