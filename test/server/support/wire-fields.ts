/** The fields of a protobuf message as they are on the wire, one level deep. */

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
export const GROUP = 3;
export const FIXED32 = 5;

/** One field as it was written, its tag included. */
export interface WireField {
  number: number;
  type: number;
  tag: Uint8Array;
  /** The value's bytes, without the length in front. */
  body: Uint8Array;
}

export function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  while (left > 0x7fn) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  return Uint8Array.from([...bytes, Number(left)]);
}

export function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function tagOf(number: number, type: number): Uint8Array {
  return varint((BigInt(number) << 3n) | BigInt(type));
}

export function written({ type, tag, body }: WireField): Uint8Array {
  return type === LENGTH_DELIMITED ? joined(tag, varint(BigInt(body.length)), body) : joined(tag, body);
}

/** The fields of a message, one level deep; undefined for bytes that are none. */
export function fieldsOf(message: Uint8Array): WireField[] | undefined {
  const fields: WireField[] = [];
  let at = 0;
  const readVarint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < message.length) {
    const start = at;
    const tag = readVarint();
    if (tag === undefined) return undefined;
    const tagEnd = at;
    const type = Number(tag & 7n);
    let bodyStart = tagEnd;
    if (type === VARINT) {
      if (readVarint() === undefined) return undefined;
    } else if (type === LENGTH_DELIMITED) {
      const length = readVarint();
      if (length === undefined || length > BigInt(message.length - at)) return undefined;
      bodyStart = at;
      at += Number(length);
    } else if (type === FIXED64 || type === FIXED32) {
      at += type === FIXED64 ? 8 : 4;
      if (at > message.length) return undefined;
    } else {
      return undefined;
    }
    fields.push({
      number: Number(tag >> 3n),
      type,
      tag: message.subarray(start, tagEnd),
      body: message.subarray(bodyStart, at),
    });
  }
  return fields;
}
