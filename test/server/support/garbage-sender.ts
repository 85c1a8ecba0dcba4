import { expect } from "vitest";
import { fromBase64, toBase64 } from "../../../src/protocol/base64.ts";
import { type GenericCommand, OpType } from "../../../src/protocol/generated/message_pb.js";
import { refusal } from "../../support/chat.ts";
import { decodeFrame, encodeCommand, has, toHex } from "../../support/frames.ts";
import type { Server } from "../../support/server.ts";
import { absurd } from "./absurd-frames.ts";
import { everyCommand, giants, type Scene } from "./commands.ts";
import { damaged } from "./damage.ts";
import { NodeDevice } from "./node-device.ts";
import type { Random } from "./random.ts";

const AT_ONCE = 30; // frames of one device that wait for answers together
/** Lengths of frames that are too long, in bytes. */
const TOO_LONG = [128 * 1024 + 1, 300_000, 900_000];
/** A device's own commands use serials up to here. */
const RESERVED = 1_000;
/** The bit of a session that asks for answers to its transient messages. */
const TRANSIENT_ACK = 8n;
/** One frame as it goes out, and what has to come of it. */
interface Shot {
  frame: Uint8Array | string;
  /** To be answered, once. */
  serial?: number;
  /** A message whose answer a session may have been opened without. */
  transient?: boolean;
  /** The socket is to be closed, with this code. */
  closes?: number;
}

const UNREADABLE = 4114;
const FRAME_TOO_LONG = 4109;

/** The outcome that the protocol promises for a frame (I10). */
function outcome(frame: Uint8Array | string): Omit<Shot, "frame"> {
  const limit = typeof frame === "string" ? Math.ceil((128 * 1024) / 3) * 4 : 128 * 1024;
  if (frame.length > limit) return { closes: FRAME_TOO_LONG };
  const bytes = typeof frame === "string" ? fromBase64(frame) : frame;
  let command: GenericCommand;
  try {
    if (bytes === undefined) return { closes: UNREADABLE };
    command = decodeFrame(bytes);
  } catch {
    return { closes: UNREADABLE };
  }
  const isCommand = has(command, "cmd") || command.$unknown?.some(({ no }) => no === 1);
  if (!isCommand) return { closes: UNREADABLE };
  return has(command, "i") ? { serial: command.i, transient: command.directMessage?.transient === true } : {};
}

function shown(frame: Uint8Array | string): string {
  const text = typeof frame === "string" ? JSON.stringify(frame) : toHex(frame);
  return text.length > 600 ? `${text.slice(0, 600)}… (${frame.length})` : text;
}

/** A client that sends garbage, on one socket after another. */
export class GarbageSender {
  /** The outcomes of all frames so far, and their counts. */
  readonly outcomes = new Map<string, number>();
  readonly #server: Server;
  readonly #random: Random;
  readonly #scene: Scene;
  readonly #protocol: string;
  readonly #giants: Uint8Array[];
  #device: NodeDevice | undefined;
  /** Serials sent on this socket, and how often each was answered. */
  #answers = new Map<number, number>();
  #asked = new Map<number, Uint8Array | string>();
  /** The first answer that should not have come. */
  #fault: string | undefined;
  #seen = 0;
  #serial = RESERVED;
  #loggedOut = false;
  /** Whether garbage opened a session on this socket that gets no answers to its transient messages. */
  #untold = false;

  /** @param protocol the sub-protocol of its sockets */
  constructor(server: Server, random: Random, protocol: string, scene: Scene) {
    this.#server = server;
    this.#random = random;
    this.#protocol = protocol;
    this.#scene = scene;
    this.#giants = giants(scene).map((command) => encodeCommand({ ...command, i: this.#nextSerial() }));
  }

  /** Sends a handful of frames and waits for what has to come of each; returns how many they were. */
  async round(): Promise<number> {
    const device = await this.#online();
    const shots: Shot[] = [];
    let closing: Shot | undefined;
    while (shots.length < AT_ONCE && closing === undefined) {
      const shot = this.#shot();
      // Most damage closes the socket; what does not gets further, and is the better test.
      if (shot.closes === UNREADABLE && this.#random.chance(0.6)) continue;
      if (shot.serial !== undefined) {
        // Answers to two commands under one serial could not be told apart.
        if (this.#answers.has(shot.serial) || (shot.serial > 0 && shot.serial <= RESERVED)) continue;
        this.#answers.set(shot.serial, 0);
        this.#asked.set(shot.serial, shot.frame);
      }
      if (shot.closes === undefined) shots.push(shot);
      else closing = shot;
    }
    for (const shot of shots) this.#send(device, shot);
    if (closing === undefined || this.#random.chance(0.7)) await this.#answered(device, shots);
    if (closing !== undefined) await this.#closed(device, closing);
    this.#count(device);
    if (this.#fault !== undefined) throw new Error(this.#fault);
    return shots.length + (closing === undefined ? 0 : 1);
  }

  leave(): void {
    this.#device?.close();
  }

  async #online(): Promise<NodeDevice> {
    if (this.#device === undefined || this.#random.chance(0.02)) {
      this.#device?.close();
      this.#device = await NodeDevice.of(this.#server, this.#scene.me, { protocol: this.#protocol });
      this.#answers = new Map();
      this.#asked = new Map();
      this.#seen = 0;
      this.#loggedOut = false;
      this.#untold = false;
      const { me, conversationId } = this.#scene;
      // Somebody may have been thrown out by what was sent before.
      await this.#device.ask({ cmd: "conv", op: "add", convMessage: { cid: conversationId, m: [me] } });
    }
    if (this.#loggedOut) {
      this.#loggedOut = false;
      await this.#device.login(this.#scene.me);
    }
    return this.#device;
  }

  #send(device: NodeDevice, { frame }: Shot): void {
    if (typeof frame === "string") device.sendText(frame);
    else device.sendBytes(frame);
  }

  async #answered(device: NodeDevice, shots: Shot[]): Promise<void> {
    const left = () =>
      shots.filter(({ serial, transient }) => {
        return serial !== undefined && this.#answers.get(serial) === 0 && !(transient && this.#untold);
      });
    const listed = (some: Shot[]) => some.map(({ serial, frame }) => `\n${serial}: ${shown(frame)}`).join("");
    try {
      await device.until("answers", () => {
        this.#count(device);
        return left().length === 0 || this.#fault !== undefined || undefined;
      });
    } catch {
      const end = device.closed === undefined ? "" : ` closed with ${device.closed.code},`;
      throw new Error(`${this.#scene.me}:${end} never answered:${listed(left())}\nof all:${listed(shots)}`);
    }
  }

  async #closed(device: NodeDevice, shot: Shot): Promise<void> {
    this.#send(device, shot);
    const { code } = await device.closing();
    expect(code, shown(shot.frame)).toBe(shot.closes);
    this.#tally(`closed ${code}`);
    this.#device = undefined;
  }

  /** Counts the answers: each command gets one, and nothing else is answered. */
  #count(device: NodeDevice): void {
    for (const frame of device.received.slice(this.#seen)) {
      this.#seen += 1;
      if (frame.op === OpType.closed) this.#loggedOut = true;
      if (frame.op === OpType.opened && !this.#wantsAcks(frame)) this.#untold = true;
      if (!has(frame, "i") || (frame.i > 0 && frame.i <= RESERVED)) continue;
      const before = this.#answers.get(frame.i);
      if (before !== 0) {
        const answers = device
          .answers(frame.i)
          .map((answer) => `${answer.cmd} ${refusal(answer) || "result"}`);
        const asked = shown(this.#asked.get(frame.i) ?? "nothing");
        this.#fault ??= `${this.#scene.me}: ${frame.i} answered ${answers.join(" and ")}: ${asked}`;
        continue;
      }
      this.#answers.set(frame.i, 1);
      this.#tally(refusal(frame) || "result");
    }
  }

  /** Whether what this session was opened by asks for answers to transient messages. */
  #wantsAcks(opened: GenericCommand): boolean {
    if (has(opened, "i") && opened.i > 0 && opened.i <= RESERVED) return true;
    const frame = has(opened, "i") ? this.#asked.get(opened.i) : undefined;
    const bytes = typeof frame === "string" ? fromBase64(frame) : frame;
    if (bytes === undefined) return false;
    return ((decodeFrame(bytes).sessionMessage?.configBitmap ?? 0n) & TRANSIENT_ACK) !== 0n;
  }

  #tally(what: string): void {
    this.outcomes.set(what, (this.outcomes.get(what) ?? 0) + 1);
  }

  #shot(): Shot {
    const frame = this.#frame();
    // What is sent as bytes on a Base64 socket travels as its text.
    const travels = typeof frame === "string" || !this.#protocol.includes("base64") ? frame : toBase64(frame);
    return { frame, ...outcome(travels) };
  }

  #frame(): Uint8Array | string {
    const random = this.#random;
    const giant = random.chance(0.01) ? this.#giants.pop() : undefined;
    if (giant !== undefined) return giant;
    const valid = encodeCommand({ ...random.pick(everyCommand(this.#scene)), i: this.#nextSerial() });
    const dice = random.next();
    if (dice < 0.1) return valid;
    if (dice < 0.55) return absurd(random, valid);
    if (dice < 0.93) return damaged(random, valid);
    if (dice < 0.96) return random.bytes(random.below(400));
    if (dice < 0.965) return new Uint8Array(random.pick(TOO_LONG));
    return this.#text(valid);
  }

  /** Text, which any device may send: Base64 in some form, or not. */
  #text(valid: Uint8Array): string {
    const random = this.#random;
    const base64 = toBase64(valid);
    return random.pick([
      () => base64,
      () => base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""),
      () => base64.replace(/(.{20})/g, "$1\r\n"),
      () => base64.slice(0, random.below(base64.length)),
      () => `${base64}=`,
      () => base64 + base64,
      () => String.fromCharCode(...Array.from({ length: random.below(80) }, () => random.below(0xd800))),
      () => "A".repeat(random.pick([180_000, 1])),
      () => '{"cmd":"direct"}',
      () => "",
    ])();
  }

  #nextSerial(): number {
    this.#serial += 1;
    return this.#serial % 3 === 0 ? -this.#serial : this.#serial;
  }
}
