import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/**
 * How Chromium and Google's push service talk (MCS): a version byte from each side, then frames of a tag byte, a
 * length and a protobuf message.
 */

export const VERSION = 41;

export const tags = {
  heartbeatPing: 0,
  heartbeatAck: 1,
  loginRequest: 2,
  loginResponse: 3,
  dataMessage: 8,
} as const;

export interface Frame {
  tag: number;
  body: Uint8Array;
}

export function encodeFrame(tag: number, body: Uint8Array): Uint8Array {
  const length = new BinaryWriter().uint32(body.length).finish();
  return Buffer.concat([Buffer.from([tag]), length, body]);
}

/** The whole frames at the front of what came so far, and what is left to wait with for more. */
export function takeFrames(received: Uint8Array): { frames: Frame[]; rest: Uint8Array } {
  const frames: Frame[] = [];
  let rest = received;
  for (let frame = frameAtStart(rest); frame !== undefined; frame = frameAtStart(rest)) {
    frames.push(frame);
    rest = rest.subarray(frame.end);
  }
  return { frames, rest };
}

function frameAtStart(bytes: Uint8Array): (Frame & { end: number }) | undefined {
  const [tag] = bytes;
  const lengthEnd = bytes.findIndex((byte, index) => index > 0 && byte < 0x80) + 1;
  if (tag === undefined || lengthEnd === 0) return undefined;
  const end = lengthEnd + new BinaryReader(bytes.subarray(1, lengthEnd)).uint32();
  return end > bytes.length ? undefined : { tag, body: bytes.subarray(lengthEnd, end), end };
}

/** A field by its number. Numbers are varints, big ones fixed64. */
type Field = [number: number, value: boolean | number | bigint | string | Uint8Array | Field[]];

export function encodeMessage(fields: Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, value] of fields) {
    switch (typeof value) {
      case "boolean":
        writer.tag(number, WireType.Varint).bool(value);
        break;
      case "number":
        writer.tag(number, WireType.Varint).int64(value);
        break;
      case "bigint":
        writer.tag(number, WireType.Bit64).fixed64(value);
        break;
      case "string":
        writer.tag(number, WireType.LengthDelimited).string(value);
        break;
      default:
        writer
          .tag(number, WireType.LengthDelimited)
          .bytes(value instanceof Uint8Array ? value : encodeMessage(value));
    }
  }
  return writer.finish();
}

/** The text in a field of a message; undefined where it has no such field. */
export function textIn(message: Uint8Array, wanted: number): string | undefined {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (number === wanted && type === WireType.LengthDelimited) return reader.string();
    reader.skip(type);
  }
  return undefined;
}
