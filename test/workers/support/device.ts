import { fromBase64, toBase64 } from "../../../src/protocol/base64.ts";
import type { GenericCommand } from "../../../src/protocol/generated/message_pb.js";
import { CommandType, OpType } from "../../../src/protocol/generated/message_pb.js";
import { type CommandInit, decodeFrame, encodeCommand, has } from "../../support/frames.ts";
import { http, maybeEvict, world } from "./world.ts";

export type { GenericCommand };

const PATIENCE = 10_000; // ms

export interface DeviceOptions {
  /** What the sub-protocol header offers; null sends none. */
  protocol?: string | null;
  path?: string;
  headers?: Record<string, string>;
}

/** A device: one socket that speaks raw frames, keeps everything it received, and waits for what it expects. */
export class Device {
  readonly response: Response;
  readonly received: GenericCommand[] = [];
  /** How each of them came: as text or not, its bytes, and when (ms). */
  readonly framing: { text: boolean; bytes: Uint8Array; at: number }[] = [];
  /** How the server closed the socket. */
  closed: { code: number; reason: string } | undefined;
  clientId = "";
  readonly #socket: WebSocket;
  readonly #text: boolean;
  readonly #taken = new Set<GenericCommand>();
  #wake: (() => void)[] = [];
  #serial = 0;

  static async connect(options: DeviceOptions = {}): Promise<Device> {
    const { protocol = "lc.protobuf2.3", path = "/rtm" } = options;
    const offered: Record<string, string> = protocol === null ? {} : { "sec-websocket-protocol": protocol };
    const response = await http(path, { headers: { upgrade: "websocket", ...offered, ...options.headers } });
    const socket = response.webSocket;
    if (socket === null) throw new Error(`no socket: ${response.status}`);
    return new Device(response, socket, (protocol ?? path).includes("base64"));
  }

  /** Connects and logs in. */
  static async of(clientId: string, options: DeviceOptions = {}): Promise<Device> {
    const device = await Device.connect(options);
    await device.login(clientId);
    return device;
  }

  private constructor(response: Response, socket: WebSocket, text: boolean) {
    this.response = response;
    this.#socket = socket;
    this.#text = text;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      const bytes =
        typeof data === "string"
          ? fromBase64(data)
          : data instanceof ArrayBuffer
            ? new Uint8Array(data)
            : undefined;
      if (bytes === undefined) throw new Error("a frame neither bytes nor Base64");
      this.framing.push({ text: typeof data === "string", bytes, at: Date.now() });
      this.received.push(decodeFrame(bytes));
      this.#stir();
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
      this.#stir();
    });
    socket.accept();
  }

  async login(clientId: string, session: CommandInit["sessionMessage"] = {}): Promise<GenericCommand> {
    this.clientId = clientId;
    const open = { configBitmap: 187, ua: "raw/1", r: false, ...session };
    return this.ask({
      cmd: "session",
      op: "open",
      appId: world.APP_ID,
      peerId: clientId,
      sessionMessage: open,
    });
  }

  /** Sends bytes as they are, framed as negotiated. */
  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(this.#text ? toBase64(bytes) : bytes);
  }

  /** Sends a binary frame, whatever was negotiated. */
  sendUnframed(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** Sends a command with nothing added. */
  send(command: CommandInit): void {
    this.sendBytes(encodeCommand(command));
  }

  /** Sends a command with a serial and resolves to its one answer. */
  async ask(command: CommandInit): Promise<GenericCommand> {
    this.#serial += 1;
    const serial = command.i ?? this.#serial;
    const peer = this.clientId === "" ? {} : { peerId: this.clientId };
    this.send({ ...peer, ...command, i: serial });
    return this.answer(serial);
  }

  /** The one answer to this serial. */
  async answer(serial: number): Promise<GenericCommand> {
    const answer = await this.expect(
      `the answer to ${serial}`,
      (frame) => has(frame, "i") && frame.i === serial,
    );
    await maybeEvict();
    return answer;
  }

  /** Every answer to this serial so far: there must never be a second one. */
  answers(serial: number): GenericCommand[] {
    return this.received.filter((frame) => has(frame, "i") && frame.i === serial);
  }

  /** Everything unasked so far. */
  pushes(): GenericCommand[] {
    return this.received.filter((frame) => !has(frame, "i"));
  }

  /** Resolves to the first frame not taken yet that fits, and takes it. */
  async expect(what: string, fits: (frame: GenericCommand) => boolean): Promise<GenericCommand> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const found = this.received.find((frame) => !this.#taken.has(frame) && fits(frame));
      if (found !== undefined) {
        this.#taken.add(found);
        return found;
      }
      if (Date.now() > deadline)
        throw new Error(`${this.clientId} waited for ${what} in vain; got ${this.#summary()}`);
      await this.#change(deadline);
    }
  }

  push(cmd: keyof typeof CommandType, op?: keyof typeof OpType): Promise<GenericCommand> {
    return this.expect(`${cmd}/${op ?? ""}`, (frame) => {
      return (
        !has(frame, "i") && frame.cmd === CommandType[cmd] && (op === undefined || frame.op === OpType[op])
      );
    });
  }

  /** The next message with this text. */
  message(text?: string): Promise<GenericCommand> {
    return this.expect(`message ${text ?? ""}`, (frame) => {
      return frame.cmd === CommandType.direct && (text === undefined || frame.directMessage?.msg === text);
    });
  }

  async closing(): Promise<{ code: number; reason: string }> {
    const deadline = Date.now() + PATIENCE;
    while (this.closed === undefined) {
      if (Date.now() > deadline) throw new Error("the socket stayed open");
      await this.#change(deadline);
    }
    return this.closed;
  }

  /** Texts of all messages received so far in a conversation, in the order they came. */
  texts(conversationId: string): string[] {
    return this.received
      .filter((frame) => frame.cmd === CommandType.direct && frame.directMessage?.cid === conversationId)
      .map((frame) => frame.directMessage?.msg ?? "");
  }

  close(code = 1000): void {
    this.closed ??= { code, reason: "by the device" };
    this.#socket.close(code);
  }

  #stir(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  #change(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(deadline - Date.now(), 0) + 1);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #summary(): string {
    const frames = this.received.map((frame) => `${CommandType[frame.cmd]}/${OpType[frame.op]}#${frame.i}`);
    return `${frames.join(" ")}${this.closed ? ` closed ${this.closed.code}` : ""}`;
  }
}
