import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/**
 * The protocol between a browser and Google's push service (MCS): after a version byte from each side, messages as a
 * tag byte, a length and a protobuf message.
 */

export const VERSION = 41;

export const Tag = {
  HeartbeatPing: 0,
  HeartbeatAck: 1,
  LoginRequest: 2,
  LoginResponse: 3,
  Close: 4,
  IqStanza: 7,
  DataMessageStanza: 8,
} as const;

export interface Frame {
  tag: number;
  body: Uint8Array;
}

export function encodeFrame(tag: number, body: Uint8Array): Uint8Array {
  const length = new BinaryWriter().uint32(body.length).finish();
  return Buffer.concat([Buffer.from([tag]), length, body]);
}

/** Takes the whole frames off the front of what came so far; what is left waits for more. */
export function takeFrames(received: Uint8Array): { frames: Frame[]; rest: Uint8Array } {
  const frames: Frame[] = [];
  let rest = received;
  for (;;) {
    const frame = frameAtStart(rest);
    if (frame === undefined) return { frames, rest };
    frames.push(frame);
    rest = rest.subarray(frame.end);
  }
}

function frameAtStart(bytes: Uint8Array): (Frame & { end: number }) | undefined {
  const lengthEnd = bytes.findIndex((byte, index) => index > 0 && byte < 0x80);
  const [tag] = bytes;
  if (tag === undefined || lengthEnd < 0) return undefined;
  const length = new BinaryReader(bytes.subarray(1, lengthEnd + 1)).uint32();
  const end = lengthEnd + 1 + length;
  return end > bytes.length ? undefined : { tag, body: bytes.subarray(lengthEnd + 1, end), end };
}

export type Field = [number: number, value: string | number | bigint | boolean | Uint8Array | Field[]];

/** A protobuf message by its fields' numbers; a bigint is a fixed64. */
export function encodeMessage(fields: Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, value] of fields) {
    if (typeof value === "string") writer.tag(number, WireType.LengthDelimited).string(value);
    else if (typeof value === "number") writer.tag(number, WireType.Varint).int64(value);
    else if (typeof value === "bigint") writer.tag(number, WireType.Bit64).fixed64(value);
    else if (typeof value === "boolean") writer.tag(number, WireType.Varint).bool(value);
    else {
      const bytes = value instanceof Uint8Array ? value : encodeMessage(value);
      writer.tag(number, WireType.LengthDelimited).bytes(bytes);
    }
  }
  return writer.finish();
}
