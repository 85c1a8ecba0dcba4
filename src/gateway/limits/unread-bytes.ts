import {
  SUSPICIOUS_BYTES,
  UNCONFIRMED_BYTES_PER_SOCKET,
  UNREAD_BYTES_OF_ALL,
  UNREAD_BYTES_PER_SOCKET,
} from "../../bounds.ts";
import type { Command } from "../../protocol/commands.ts";

/** Sockets of this isolate that were sent more than a little since they last showed that they read. */
export class IsolateUnreadBytes {
  readonly #sockets = new Set<UnreadBytes>();
  #bytes = 0;

  changed(socket: UnreadBytes, by: number): void {
    this.#bytes += by;
    if (socket.count > SUSPICIOUS_BYTES) this.#sockets.add(socket);
    else if (this.#sockets.delete(socket)) return;
    if (this.#bytes > UNREAD_BYTES_OF_ALL) this.#worst()?.tooMany();
  }

  #worst(): UnreadBytes | undefined {
    return [...this.#sockets].sort((a, b) => b.count - a.count)[0];
  }
}

/**
 * Counts the bytes that one socket was sent since its device last showed that it reads. The platform accepts whatever
 * is sent, keeps it until it is read, and does not report how much that is. SDKs show that they read by themselves:
 * they acknowledge messages, report what was read, and name messages they received.
 */
export class UnreadBytes {
  readonly #isolate: IsolateUnreadBytes;
  readonly #tooMany: () => void;
  #count = 0;
  /** Bytes of messages that no SDK acknowledges, since the device sent anything, and since it showed that it reads. */
  #unconfirmed = { sinceFrame: 0, sinceProof: 0 };

  /** @param tooMany called when too much is unread: the socket has to close */
  constructor(isolate: IsolateUnreadBytes, tooMany: () => void) {
    this.#isolate = isolate;
    this.#tooMany = tooMany;
  }

  get count(): number {
    return this.#count;
  }

  sent(bytes: number): void {
    this.#set(this.#count + bytes);
    if (this.#count > UNREAD_BYTES_PER_SOCKET) this.tooMany();
  }

  /**
   * The socket was sent messages of a room. SDKs do not acknowledge them, and a device that only listens sends nothing but
   * heartbeats: those count, up to a larger bound.
   */
  sentUnconfirmed(bytes: number): void {
    this.#unconfirmed.sinceFrame += bytes;
    this.#unconfirmed.sinceProof += bytes;
    const { sinceFrame, sinceProof } = this.#unconfirmed;
    if (sinceFrame > UNREAD_BYTES_PER_SOCKET || sinceProof > UNCONFIRMED_BYTES_PER_SOCKET) this.tooMany();
  }

  /** The device sent a command. SDKs send some of them only after they have read. */
  received(command: Command): void {
    const isProof = showsReading(command);
    if (isProof) this.#set(0);
    const { sinceProof } = this.#unconfirmed;
    this.#unconfirmed = { sinceFrame: 0, sinceProof: isProof ? 0 : sinceProof };
  }

  /** The socket is closed. */
  close(): void {
    this.#set(0);
  }

  tooMany(): void {
    this.#tooMany();
  }

  #set(count: number): void {
    const before = countedInTotal(this.#count);
    this.#count = count;
    const by = countedInTotal(count) - before;
    if (by !== 0) this.#isolate.changed(this, by);
  }
}

/** A socket in good order has little unread, which is not counted in the total of the isolate. */
function countedInTotal(count: number): number {
  return count > SUSPICIOUS_BYTES ? count : 0;
}

function showsReading(command: Command): boolean {
  switch (command.name) {
    case "message.acknowledge":
    case "message.patch":
    case "read":
      return true;
    case "message.history": // a further page: it continues from a message of the one before
      return command.start?.messageId !== undefined;
    default:
      return false;
  }
}
