import { isRepeatableCommand } from "../../conversation/commands.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { Forwarded } from "./forwarding.ts";
import type { LinkSocket } from "./link-socket.ts";

/** The frames of one subscription without an answer so far: those that wait until it is open, and those sent. */
export class SubscriptionFrames {
  /** In order. */
  #waiting: Forwarded[] = [];
  /** By serial. */
  readonly #sent = new Map<number, Forwarded>();
  /** The furthest `read` without a serial that was sent, until a count comes: most SDKs send none (wire §4.8). */
  #read: Forwarded | undefined;

  /** The frames that wait until the subscription is open. */
  get waiting(): readonly Forwarded[] {
    return this.#waiting;
  }

  /** Whether all that was sent is answered. */
  get isAnswered(): boolean {
    return this.#sent.size === 0;
  }

  wait(forwarded: Forwarded): void {
    this.#waiting.push(forwarded);
  }

  /** These frames wait before those that wait already. */
  waitFirst(frames: readonly Forwarded[]): void {
    this.#waiting = [...frames, ...this.#waiting];
  }

  send(socket: LinkSocket, forwarded: Forwarded): void {
    const { serial } = forwarded.command;
    if (serial !== undefined) this.#sent.set(serial, forwarded);
    else if (isFurther(forwarded, this.#read)) this.#read = forwarded;
    socket.send(forwarded.frame);
  }

  /** Sends the first frame that waits. Returns whether there was one. */
  sendNext(socket: LinkSocket): boolean {
    const forwarded = this.#waiting.shift();
    if (forwarded === undefined) return false;
    this.send(socket, forwarded);
    return true;
  }

  answered(serial: number): void {
    this.#sent.delete(serial);
  }

  /** The conversation sent an unread count, as it does for each `read`. */
  counted(): void {
    this.#read = undefined;
  }

  takeWaiting(): Forwarded[] {
    return this.#waiting.splice(0);
  }

  /** Takes the frames that were sent. Returns those that may be sent again; the others are refused. */
  takeRepeatable(refuse: (forwarded: Forwarded) => void): Forwarded[] {
    const sent = [...this.#sent.values(), ...(this.#read === undefined ? [] : [this.#read])];
    this.#sent.clear();
    this.#read = undefined;
    for (const forwarded of sent) if (!isRepeatableCommand(forwarded.command)) refuse(forwarded);
    return sent.filter(({ command }) => isRepeatableCommand(command));
  }

  /** Takes all frames, those that were sent first. */
  takeAll(): Forwarded[] {
    const unanswered = [...this.#sent.values(), ...this.#waiting];
    this.#sent.clear();
    this.#read = undefined;
    this.#waiting = [];
    return unanswered;
  }
}

/** Whether a `read` goes further than another. Without a time it goes to the end. */
function isFurther({ command }: Forwarded, than: Forwarded | undefined): boolean {
  if (command.name !== "read") return false;
  return than?.command.name !== "read" || upToOf(command) >= upToOf(than.command);
}

function upToOf({ conversations: [entry] }: CommandOf<"read">): number {
  return entry?.timestamp ?? Number.POSITIVE_INFINITY;
}
