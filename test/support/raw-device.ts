import { fromBase64, toBase64 } from "../../src/protocol/base64.ts";
import type { GenericCommand } from "../../src/protocol/generated/message_pb.js";
import { CommandType, OpType } from "../../src/protocol/generated/message_pb.js";
import { type CommandInit, decodeFrame, encodeCommand, has } from "./frames.ts";

export type { GenericCommand };

/** The socket under a device, of whichever runtime the test runs in. */
interface Wire {
  send(data: Uint8Array | string): void;
  close(code: number): void;
}

interface RawDeviceOptions {
  appId: string;
  /** Whether its frames travel as Base64. */
  text: boolean;
  /** How long it waits for anything it expects (ms). */
  patience: number;
}

/**
 * A device without an SDK, in any runtime: one socket that speaks raw frames, keeps everything it received, and waits
 * for what it expects.
 */
export abstract class RawDevice {
  readonly received: GenericCommand[] = [];
  /** How each of them came: as text or not, its bytes, and when (ms). */
  readonly framing: { text: boolean; bytes: Uint8Array; at: number }[] = [];
  /** How the server closed the socket. */
  closed: { code: number; reason: string } | undefined;
  clientId = "";
  readonly #wire: Wire;
  readonly #options: RawDeviceOptions;
  readonly #taken = new Set<GenericCommand>();
  #wake: (() => void)[] = [];
  /** Nothing more will come. */
  #over = false;
  #serial = 0;

  constructor(wire: Wire, options: RawDeviceOptions) {
    this.#wire = wire;
    this.#options = options;
  }

  async login(clientId: string, session: CommandInit["sessionMessage"] = {}): Promise<GenericCommand> {
    this.clientId = clientId;
    const open = { configBitmap: 187, ua: "raw/1", r: false, ...session };
    return this.ask({
      cmd: "session",
      op: "open",
      appId: this.#options.appId,
      peerId: clientId,
      sessionMessage: open,
    });
  }

  /** Sends bytes as they are, framed as negotiated. */
  sendBytes(bytes: Uint8Array): void {
    this.#wire.send(this.#options.text ? toBase64(bytes) : bytes);
  }

  /** Sends a binary frame, whatever was negotiated. */
  sendUnframed(bytes: Uint8Array): void {
    this.#wire.send(bytes);
  }

  sendText(text: string): void {
    this.#wire.send(text);
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
    await this.answered();
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
    const found = await this.until(what, () =>
      this.received.find((frame) => !this.#taken.has(frame) && fits(frame)),
    );
    this.#taken.add(found);
    return found;
  }

  /** Looks again at everything that comes, and when the socket closes, until there is something. */
  async until<Found>(what: string, look: () => Found | undefined): Promise<Found> {
    const deadline = Date.now() + this.#options.patience;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#over || Date.now() > deadline)
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

  closing(): Promise<{ code: number; reason: string }> {
    return this.until("the socket to close", () => this.closed);
  }

  /** Texts of all messages received so far in a conversation, in the order they came. */
  texts(conversationId: string): string[] {
    return this.received
      .filter((frame) => frame.cmd === CommandType.direct && frame.directMessage?.cid === conversationId)
      .map((frame) => frame.directMessage?.msg ?? "");
  }

  close(code = 1000): void {
    this.closed ??= { code, reason: "by the device" };
    this.#wire.close(code);
  }

  /** A message of the socket's. */
  protected arrived(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? fromBase64(data) : data;
    if (bytes === undefined) throw new Error("a frame neither bytes nor Base64");
    this.framing.push({ text: typeof data === "string", bytes, at: Date.now() });
    this.received.push(decodeFrame(bytes));
    this.#stir();
  }

  /** The socket was closed by the server, or broke. */
  protected ended(code: number, reason: string): void {
    this.closed = { code, reason };
    this.#over = true;
    this.#stir();
  }

  /** Runs after each answer that was waited for. */
  protected async answered(): Promise<void> {}

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
