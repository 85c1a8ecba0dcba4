import { fromBinary } from "@bufbuild/protobuf";
import type { WebSocket } from "ws";
import {
  CommandType,
  type GenericCommand,
  GenericCommandSchema,
} from "../src/protocol/generated/message_pb.js";
import {
  closeFrame,
  type DirectFrame,
  openFrame,
  replySerial,
  startFrame,
  startRoomFrame,
} from "./frames.ts";
import { sequenceIn } from "./message-body.ts";
import { connect, disconnect } from "./sockets.ts";

const PROTOCOL = "lc.protobuf2.3";
const REPLY_DEADLINE = 60_000; // ms

/** Serials up to here are of a client's own commands; above they are the numbers of messages. */
const OWN_SERIALS = 1_000_000;

/** One logged-in device. */
export class ParleyClient {
  readonly clientId: string;
  delivered: (sequence: number) => void = () => {};
  acknowledged: (sequence: number) => void = () => {};
  /** Takes the answers to messages, refusals too, in place of `acknowledged`, for which a refusal is a failure. */
  answered: ((sequence: number, answer: Buffer) => void) | undefined;
  /** The server closed the socket. */
  closed: (code: number) => void = () => {};
  #socket: WebSocket | undefined;
  #serial = 0;
  readonly #sending = new Map<number, () => void>();
  readonly #waiting = new Map<number, (reply: GenericCommand) => void>();

  private constructor(clientId: string) {
    this.clientId = clientId;
  }

  static async logIn(server: URL, appId: string, clientId: string): Promise<ParleyClient> {
    const client = new ParleyClient(clientId);
    const url = new URL("/rtm", server);
    url.protocol = "ws:";
    client.#socket = await connect(url, [PROTOCOL], (frame) => client.#received(frame));
    client.#socket.on("close", (code) => client.closed(code));
    await client.#ask((serial) => openFrame(appId, clientId, serial));
    return client;
  }

  /** Starts a conversation and returns its id. */
  async start(members: string[]): Promise<string> {
    const reply = await this.#ask((serial) => startFrame(this.clientId, members, serial));
    const id = reply.convMessage?.cid;
    if (id === undefined || id === "") throw new Error("no conversation was started");
    return id;
  }

  /** Creates a chat room, in which the client is then, and returns its id. */
  async startRoom(): Promise<string> {
    const reply = await this.#ask((serial) => startRoomFrame(this.clientId, serial));
    const id = reply.convMessage?.cid;
    if (id === undefined || id === "") throw new Error("no room was started");
    return id;
  }

  send(frame: Buffer): void {
    this.#socket?.send(frame);
  }

  /** Resolves when the server has acknowledged the message. */
  async sendMessage(frame: DirectFrame, sequence: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("a message was not taken")), REPLY_DEADLINE);
      this.#sending.set(sequence, () => {
        clearTimeout(timer);
        resolve();
      });
      this.send(frame.numbered(sequence));
    });
  }

  /**
   * Sends a command and waits for its reply.
   *
   * @param deadline ms
   */
  async ask(frame: (serial: number) => Buffer, deadline = REPLY_DEADLINE): Promise<void> {
    await this.#ask(frame, deadline);
  }

  /** Closes the session. */
  async logOut(): Promise<void> {
    await this.#ask((serial) => closeFrame(this.clientId, serial));
    await this.leave();
  }

  /** Drops the connection without closing the session, like a phone does. */
  async leave(): Promise<void> {
    if (this.#socket !== undefined) await disconnect(this.#socket);
  }

  async #ask(frame: (serial: number) => Buffer, deadline = REPLY_DEADLINE): Promise<GenericCommand> {
    const serial = ++this.#serial;
    const reply = await new Promise<GenericCommand>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("a command was not answered")), deadline);
      this.#waiting.set(serial, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.send(frame(serial));
    });
    const failure = reply.errorMessage;
    if (failure !== undefined) throw new Error(`${failure.code} ${failure.reason}`);
    return reply;
  }

  #received(frame: Buffer): void {
    // Every frame begins with its command; only messages are on the path that is measured.
    if (frame[1] === CommandType.direct) {
      const sequence = sequenceIn(frame);
      if (sequence !== undefined) this.delivered(sequence);
      return;
    }
    const serial = replySerial(frame);
    if (serial === undefined) return;
    if (serial <= OWN_SERIALS) {
      this.#waiting.get(serial)?.(fromBinary(GenericCommandSchema, frame));
      this.#waiting.delete(serial);
      return;
    }
    if (this.answered !== undefined) return this.answered(serial, frame);
    if (frame[1] !== CommandType.ack) throw new Error(`a message was refused: ${frame.toString("latin1")}`);
    this.acknowledged(serial);
    this.#sending.get(serial)?.();
    this.#sending.delete(serial);
  }
}
