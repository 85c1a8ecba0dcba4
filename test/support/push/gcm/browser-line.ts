import type { Socket } from "node:net";
import { encodeFrame, encodeMessage, type Frame, tags, takeFrames, textIn, VERSION } from "./frames.ts";
import type { Registration } from "./registrations.ts";

/** What came for a browser: to whom, and the encrypted body as its sender gave it. */
export interface Stanza {
  registration: Registration;
  body: Uint8Array;
  /** The same of the same message. */
  id: string;
}

/** The connection on which one browser gets what is pushed to it. */
export class BrowserLine {
  readonly #socket: Socket;
  #received: Uint8Array = new Uint8Array();
  #greeted = false;

  /** @param onLogin called with the browser's number once it said who it is */
  constructor(socket: Socket, onLogin: (device: string) => void) {
    this.#socket = socket;
    // A browser that ends just drops its connection.
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      for (const frame of this.#frames(chunk)) this.#answer(frame, onLogin);
    });
  }

  deliver({ registration, body, id }: Stanza): void {
    const data = { subtype: registration.subtype, "content-encoding": "aes128gcm" };
    const stanza = encodeMessage([
      [3, registration.sender],
      [5, registration.app],
      ...Object.entries(data).map(([key, value]): [number, [number, string][]] => [
        7,
        [
          [1, key],
          [2, value],
        ],
      ]),
      [9, id],
      [21, body],
    ]);
    this.#socket.write(encodeFrame(tags.dataMessage, stanza));
  }

  #frames(chunk: Buffer): Frame[] {
    this.#received = Buffer.concat([this.#received, chunk]);
    if (!this.#greeted) {
      this.#greeted = true;
      this.#received = this.#received.subarray(1);
      this.#socket.write(Buffer.from([VERSION]));
    }
    const { frames, rest } = takeFrames(this.#received);
    this.#received = rest;
    return frames;
  }

  #answer({ tag, body }: Frame, onLogin: (device: string) => void): void {
    if (tag === tags.heartbeatPing) this.#socket.write(encodeFrame(tags.heartbeatAck, new Uint8Array()));
    if (tag !== tags.loginRequest) return;
    this.#socket.write(encodeFrame(tags.loginResponse, encodeMessage([[1, "login"]])));
    onLogin(textIn(body, 3) ?? "");
  }
}
