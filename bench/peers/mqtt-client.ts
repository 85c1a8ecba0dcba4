import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { digitsIn, numberedText, sequenceIn, writeDigits } from "../message-body.ts";
import { LOOPBACK } from "./child.ts";

/** The first byte of each packet of MQTT 3.1.1 that the load needs. */
const packets = {
  connect: 0x10,
  connected: 0x20,
  publish: 0x30,
  publishAtLeastOnce: 0x32,
  acknowledge: 0x40,
  subscribe: 0x82,
  subscribed: 0x90,
  disconnect: 0xe0,
} as const;

const FRAME_BYTES = 200;
const KEEP_ALIVE = 0; // s: none
const IDS = 65_535;

/** 0: at most once, without an acknowledgement. 1: at least once, with one from each receiver. */
export type Quality = 0 | 1;

export class MqttClient {
  delivered: (sequence: number) => void = () => {};
  acknowledged: (sequence: number) => void = () => {};
  readonly #socket: Socket;
  readonly #sent = new Map<number, number>();
  #answered: (packet: number) => void = () => {};
  #rest: Buffer | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  /** A client whose session the server keeps while it is away, as everything that is acknowledged has to be. */
  static async connect(port: number, clientId: string, quality: Quality): Promise<MqttClient> {
    const socket = connect({ port, host: LOOPBACK, noDelay: true });
    await once(socket, "connect");
    const client = new MqttClient(socket);
    const clean = quality === 0 ? 2 : 0;
    const variable = Buffer.from([...text("MQTT"), 4, clean, KEEP_ALIVE >> 8, KEEP_ALIVE & 255]);
    await client.#ask(packets.connected, packet(packets.connect, variable, text(clientId)));
    return client;
  }

  async subscribe(topic: string, quality: Quality): Promise<void> {
    const body = [Buffer.from([0, 1]), text(topic), Buffer.from([quality])];
    await this.#ask(packets.subscribed, packet(packets.subscribe, ...body));
  }

  /** The packets of a topic: 200 bytes each, of which only the numbers change. */
  publisher(topic: string, quality: Quality): (sequence: number) => void {
    const id = quality === 0 ? [] : [Buffer.alloc(2)];
    const name = text(topic);
    const header = 3; // a length from 128 takes two bytes
    const payload = numberedText(FRAME_BYTES - header - name.length - 2 * id.length);
    const kind = quality === 0 ? packets.publish : packets.publishAtLeastOnce;
    const bytes = packet(kind, name, ...id, Buffer.from(payload));
    const at = digitsIn(bytes);
    return (sequence) => {
      writeDigits(bytes, at, sequence);
      if (quality === 1) {
        const number = (sequence % IDS) + 1;
        bytes.writeUInt16BE(number, header + name.length);
        this.#sent.set(number, sequence);
      }
      // The socket may keep what it is given, and the next message changes these bytes.
      this.#socket.write(Buffer.from(bytes));
      if (quality === 0) queueMicrotask(() => this.acknowledged(sequence));
    };
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.end(packet(packets.disconnect));
    await closed;
  }

  async #ask(answer: number, bytes: Buffer): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#answered = (kind) => {
        if (kind === answer) resolve();
      };
    });
    this.#socket.write(bytes);
    await answered;
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    const acknowledgements: number[] = [];
    let from = 0;
    for (;;) {
      const found = packetAt(bytes, from);
      if (found === undefined) break;
      this.#received(bytes, from, found, acknowledgements);
      from = found.end;
    }
    if (from < bytes.length) this.#rest = Buffer.from(bytes.subarray(from));
    if (acknowledgements.length > 0) this.#socket.write(Buffer.from(acknowledgements));
  }

  #received(bytes: Buffer, from: number, { body, end }: Packet, acknowledgements: number[]): void {
    const kind = bytes.readUInt8(from);
    if (kind >> 4 === packets.publish >> 4) {
      if ((kind & 6) === 2) {
        const id = body + 2 + bytes.readUInt16BE(body);
        acknowledgements.push(packets.acknowledge, 2, bytes.readUInt8(id), bytes.readUInt8(id + 1));
      }
      const sequence = sequenceIn(bytes.subarray(body, end));
      if (sequence !== undefined) this.delivered(sequence);
    } else if (kind === packets.acknowledge) {
      const id = bytes.readUInt16BE(body);
      const sequence = this.#sent.get(id);
      this.#sent.delete(id);
      if (sequence !== undefined) this.acknowledged(sequence);
    } else this.#answered(kind);
  }
}

interface Packet {
  /** Where it begins behind its length, and where the next packet begins. */
  body: number;
  end: number;
}

function packetAt(bytes: Buffer, from: number): Packet | undefined {
  let length = 0;
  let scale = 1;
  for (let at = from + 1; at < bytes.length; at++) {
    const byte = bytes.readUInt8(at);
    length += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) {
      const end = at + 1 + length;
      return end <= bytes.length ? { body: at + 1, end } : undefined;
    }
  }
  return undefined;
}

function packet(kind: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  for (let rest = body.length; ; rest >>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([kind, ...length]), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}
