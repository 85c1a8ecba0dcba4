import { addressed, clientIdField } from "../../protocol/addressing.ts";

/** Events wait this long (ms) after `opened`: C# accepts events for its client only a moment later (gotcha 40). */
const SETTLE = 150;

/** The user's socket. */
interface Socket {
  /** @param isUnconfirmed whether the device shows in no way that it has read this */
  send(frame: Uint8Array, isUnconfirmed?: boolean): void;
  /** Calls `run` once after this many milliseconds. Returns a function that cancels it. */
  timer(milliseconds: number, run: () => void): () => void;
}

/** Sends frames to one client on a user's socket. */
export class ClientSender {
  readonly clientId: string;
  readonly #socket: Socket;
  readonly #clientIdField: Uint8Array;
  /** Events that are held back for a moment after the login. */
  #settling: { events: Uint8Array[]; cancel: () => void } | undefined;

  constructor(socket: Socket, clientId: string) {
    this.clientId = clientId;
    this.#socket = socket;
    this.#clientIdField = clientIdField(clientId);
  }

  /** Sends a frame, which gets the client id. */
  send(frame: Uint8Array): void {
    this.#socket.send(addressed(frame, this.#clientIdField));
  }

  /** Sends a message in a room, which no SDK acknowledges. */
  sendUnconfirmed(payload: Uint8Array): void {
    if (this.#settling === undefined) this.#socket.send(addressed(payload, this.#clientIdField), true);
    else this.#settling.events.push(payload.slice());
  }

  sendEvent(payload: Uint8Array): void {
    if (this.#settling === undefined) this.send(payload);
    else this.#settling.events.push(payload.slice());
  }

  /** The client was just logged in: holds back its events for a moment. */
  settle(): void {
    const events: Uint8Array[] = [];
    const cancel = this.#socket.timer(SETTLE, () => {
      this.#settling = undefined;
      for (const payload of events) this.send(payload);
    });
    this.#settling = { events, cancel };
  }

  /** The session is over: events that are held back are not sent. */
  close(): void {
    this.#settling?.cancel();
  }
}
