import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { CommandType, GenericCommandSchema, OpType } from "../src/protocol/generated/message_pb.js";
import { digitsIn, numberedText, writeDigits } from "./message-body.ts";

/** The few frames the load client sends, as the official JavaScript SDK fills them. */

/** Makes the frame that reaches a member 200 bytes long, like a bare one. */
const TEXT_LENGTH = 68;
const CAPABILITIES = 187n; // configBitmap of that SDK

function encode(command: MessageInitShape<typeof GenericCommandSchema>): Buffer {
  return Buffer.from(toBinary(GenericCommandSchema, create(GenericCommandSchema, command)));
}

export function openFrame(appId: string, clientId: string, serial: number): Buffer {
  return encode({
    cmd: CommandType.session,
    op: OpType.open,
    appId,
    peerId: clientId,
    i: serial,
    sessionMessage: {
      ua: "js/5.0.0",
      r: false,
      deviceId: `device-of-${clientId}`,
      configBitmap: CAPABILITIES,
      lastPatchTime: BigInt(Date.now()),
    },
  });
}

export function closeFrame(clientId: string, serial: number): Buffer {
  return encode({ cmd: CommandType.session, op: OpType.close, peerId: clientId, i: serial });
}

export function startFrame(clientId: string, members: string[], serial: number): Buffer {
  return encode({
    cmd: CommandType.conv,
    op: OpType.start,
    peerId: clientId,
    i: serial,
    convMessage: { m: members, attr: { data: "{}" } },
  });
}

export function startRoomFrame(clientId: string, serial: number): Buffer {
  return encode({
    cmd: CommandType.conv,
    op: OpType.start,
    peerId: clientId,
    i: serial,
    convMessage: { transient: true, attr: { data: "{}" } },
  });
}

export function enterFrame(clientId: string, conversationId: string, serial: number): Buffer {
  return encode({
    cmd: CommandType.conv,
    op: OpType.add,
    peerId: clientId,
    i: serial,
    convMessage: { cid: conversationId, m: [clientId] },
  });
}

export function readFrame(clientId: string, conversationId: string): Buffer {
  return encode({
    cmd: CommandType.read,
    peerId: clientId,
    readMessage: { convs: [{ cid: conversationId, timestamp: BigInt(Date.now()) }] },
  });
}

export function deliveredFrame(clientId: string, conversationId: string): Buffer {
  const now = BigInt(Date.now());
  return encode({
    cmd: CommandType.ack,
    peerId: clientId,
    ackMessage: { cid: conversationId, fromts: now - 1000n, tots: now },
  });
}

export function echoFrame(serial: number): Buffer {
  return encode({ cmd: CommandType.echo, i: serial });
}

/** A text message, encoded once; each send only changes its serial, its token and the number in its text. */
export class DirectFrame {
  readonly #bytes: Buffer;
  readonly #serialAt: number;
  readonly #tokenAt: number;
  readonly #digitsAt: number;

  constructor(clientId: string, conversationId: string, { transient } = { transient: false }) {
    const token = "00000000-0000-4000-8000-0123456789ab";
    this.#bytes = encode({
      cmd: CommandType.direct,
      peerId: clientId,
      i: 2 ** 21, // four bytes as a varint, like every message number
      directMessage: {
        cid: conversationId,
        msg: JSON.stringify({ _lctype: -1, _lctext: numberedText(TEXT_LENGTH) }),
        dt: token,
        mentionAll: false,
        ...(transient && { transient }),
      },
    });
    this.#serialAt = serialIn(this.#bytes).at;
    this.#tokenAt = this.#bytes.indexOf(token);
    this.#digitsAt = digitsIn(this.#bytes);
  }

  numbered(sequence: number): Buffer {
    const bytes = this.#bytes;
    bytes[this.#serialAt] = (sequence & 127) | 128;
    bytes[this.#serialAt + 1] = ((sequence >> 7) & 127) | 128;
    bytes[this.#serialAt + 2] = ((sequence >> 14) & 127) | 128;
    bytes[this.#serialAt + 3] = (sequence >> 21) & 127;
    writeDigits(bytes, this.#tokenAt, sequence);
    writeDigits(bytes, this.#digitsAt, sequence);
    return bytes;
  }
}

const SERIAL_FIELD = 5;

/** The position and value of the serial `i` in a frame; fields before it are skipped, not decoded. */
function serialIn(frame: Buffer): { at: number; serial: number | undefined } {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = frame.readUInt8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < frame.length) {
    const tag = varint();
    if (tag >> 3 === SERIAL_FIELD) {
      const start = at;
      return { at: start, serial: varint() };
    }
    if ((tag & 7) === 2) {
      const length = varint();
      at += length;
    } else varint();
  }
  return { at: -1, serial: undefined };
}

/** The serial of a reply; undefined for an event. */
export function replySerial(frame: Buffer): number | undefined {
  return serialIn(frame).serial;
}
