import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { GenericCommandSchema } from "../../../src/protocol/generated/message_pb.js";
import { absurdJson, absurdNumbers, absurdTexts } from "./absurd.ts";
import type { Random } from "./random.ts";

/** Damage to frames: below the schema, by bytes, and within it, by absurd values. */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const GROUP = 3;
const FIXED32 = 5;

/** One field as it was written, its tag included. */
interface WireField {
  number: number;
  type: number;
  tag: Uint8Array;
  /** The value's bytes, without the length in front. */
  body: Uint8Array;
}

/** A frame damaged once or several times; often it is no frame any more. */
export function damaged(random: Random, frame: Uint8Array): Uint8Array {
  let result = frame;
  for (let times = 1 + random.below(3); times > 0; times--) result = random.pick(damages)(random, result);
  return result;
}

/** A frame that parses, with one to three fields set to something absurd. */
export function absurd(random: Random, frame: Uint8Array): Uint8Array {
  let result = frame;
  for (let times = 1 + random.below(3); times > 0; times--) {
    result = withAbsurdField(random, GenericCommandSchema, result);
  }
  return result;
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

type Damage = (random: Random, frame: Uint8Array) => Uint8Array;

const damages: Damage[] = [
  // Bits flipped.
  (random, frame) => {
    const result = new Uint8Array(frame);
    for (let times = 1 + random.below(6); times > 0 && result.length > 0; times--) {
      const at = random.below(result.length);
      result[at] = (result[at] ?? 0) ^ (1 << random.below(8));
    }
    return result;
  },
  // Bytes replaced.
  (random, frame) => {
    const result = new Uint8Array(frame);
    result.set(random.bytes(Math.min(result.length, 3)), random.below(Math.max(result.length - 3, 1)));
    return result;
  },
  // Cut short.
  (random, frame) => frame.subarray(0, random.below(frame.length + 1)),
  // Something in between, or at the end.
  (random, frame) => {
    const at = random.chance(0.5) ? frame.length : random.below(frame.length + 1);
    return joined(frame.subarray(0, at), random.bytes(1 + random.below(20)), frame.subarray(at));
  },
  // A field twice, elsewhere.
  byField((random, fields) => {
    fields.splice(random.below(fields.length + 1), 0, random.pick(fields));
  }),
  // Two fields swapped.
  byField((random, fields) => {
    const [a, b] = [random.below(fields.length), random.below(fields.length)];
    const [first, second] = [fields[a], fields[b]];
    if (first !== undefined && second !== undefined) [fields[a], fields[b]] = [second, first];
  }),
  // A field missing.
  byField((random, fields) => {
    fields.splice(random.below(fields.length), 1);
  }),
  // A field under another number.
  byField((random, fields) => {
    const at = random.below(fields.length);
    const field = fields[at];
    const number = random.pick([0, 1, 2, 5, 99, 104, 110, 19_000, 536_870_911]);
    if (field !== undefined) fields[at] = { ...field, number, tag: tagOf(number, field.type) };
  }),
  // A field of the wrong wire type, its bytes as they were.
  byField((random, fields) => {
    const at = random.below(fields.length);
    const field = fields[at];
    if (field === undefined) return;
    const tag = tagOf(field.number, (field.type + 1 + random.below(7)) % 8);
    fields[at] = { ...field, tag };
  }),
  // A field of the right bytes and another wire type that suits them.
  byField((random, fields) => {
    const at = random.below(fields.length);
    const field = fields[at];
    if (field === undefined) return;
    const type = random.pick([VARINT, FIXED64, LENGTH_DELIMITED, FIXED32]);
    const body = {
      [VARINT]: varint(-1n),
      [FIXED64]: random.bytes(8),
      [LENGTH_DELIMITED]: random.bytes(5),
      [FIXED32]: random.bytes(4),
    }[type];
    fields[at] = { number: field.number, type, tag: tagOf(field.number, type), body: body ?? field.body };
  }),
  // A length far beyond the frame.
  (random, frame) => {
    const fields = fieldsOf(frame) ?? [];
    const long = fields.filter(({ type }) => type === LENGTH_DELIMITED);
    const chosen = long.length === 0 ? undefined : random.pick(long);
    const lie = random.pick([
      2n ** 31n - 1n,
      2n ** 31n,
      2n ** 32n - 1n,
      2n ** 63n,
      -1n,
      BigInt(frame.length),
    ]);
    return joined(
      ...fields.map((field) =>
        field === chosen ? joined(field.tag, varint(lie), field.body) : written(field),
      ),
    );
  },
  // A number of more bytes than numbers have.
  (random, frame) =>
    joined(
      frame,
      Uint8Array.of(random.pick([0x08, 0x28, 0x40])),
      new Uint8Array(9 + random.below(20)).fill(0xff),
    ),
  // Numbers out of range for `cmd` and `op`.
  (random, frame) => {
    const value = random.pick([0n, 22n, 57n, 191n, 1_000n, 2n ** 31n - 1n, -1n, 2n ** 63n]);
    return joined(frame, tagOf(random.pick([1, 2]), VARINT), varint(value));
  },
  // Bytes that are no UTF-8 where text belongs.
  byField((random, fields) => {
    const at = random.below(fields.length);
    const field = fields[at];
    if (field?.type !== LENGTH_DELIMITED) return;
    const noText = random.pick([
      Uint8Array.of(0xff, 0xfe),
      Uint8Array.of(0xc0, 0x80),
      Uint8Array.of(0xed, 0xa0, 0x80),
      Uint8Array.of(0xf8, 0x88, 0x80, 0x80, 0x80),
    ]);
    fields[at] = { ...field, body: joined(field.body, noText) };
  }),
  // Messages within messages, or groups within groups, of no end.
  (random, frame) => {
    const levels = random.pick([50, 150, 3_000]);
    if (random.chance(0.5)) {
      const start = new Uint8Array(levels).fill((15 << 3) | GROUP);
      const end = new Uint8Array(random.chance(0.5) ? levels : 0).fill((15 << 3) | (GROUP + 1));
      return joined(frame, start, end);
    }
    let inner: Uint8Array = new Uint8Array();
    for (let level = 0; level < Math.min(levels, 400); level++) {
      inner = joined(tagOf(110, LENGTH_DELIMITED), varint(BigInt(inner.length)), inner);
    }
    return joined(frame, inner);
  },
];

/** Damage to the fields of a message, or of the message in one of them. */
function byField(change: (random: Random, fields: WireField[]) => void): Damage {
  const damage: Damage = (random, frame) => {
    const fields = fieldsOf(frame);
    if (fields === undefined || fields.length === 0) return frame;
    const inner = fields.findLastIndex(({ number, type }) => type === LENGTH_DELIMITED && number >= 100);
    const chosen = fields[inner];
    if (chosen !== undefined && random.chance(0.6)) {
      fields[inner] = { ...chosen, body: damage(random, chosen.body) };
    } else {
      change(random, fields);
    }
    return joined(...fields.map(written));
  };
  return damage;
}

function withAbsurdField(random: Random, schema: DescMessage, message: Uint8Array): Uint8Array {
  const fields = fieldsOf(message) ?? [];
  const nested = fields
    .map((field, at) => ({ at, body: field.body, inner: messageIn(schema, field.number) }))
    .filter(({ inner }) => inner !== undefined);
  if (nested.length > 0 && random.chance(0.85)) {
    const { at, body, inner } = random.pick(nested);
    const field = fields[at];
    if (inner !== undefined && field !== undefined) {
      fields[at] = { ...field, body: withAbsurdField(random, inner, body) };
    }
    return joined(...fields.map(written));
  }
  // The serial stays: frames without one are dropped, which another damage sees to.
  const candidates = schema.fields.filter(
    (field) => schema !== GenericCommandSchema || (field.name !== "i" && field.message === undefined),
  );
  const field = random.pick(candidates);
  const others = field.fieldKind === "list" ? fields : fields.filter(({ number }) => number !== field.number);
  return joined(...others.map(written), ...absurdValues(random, field));
}

/** A field with one absurd value, or with thousands of them. */
function absurdValues(random: Random, field: DescField): Uint8Array[] {
  if (field.fieldKind !== "list") return [absurdValue(random, field)];
  const many = random.pick([0, 1, 2, 20, 90, random.chance(0.1) ? 3_000 : 3]);
  return Array.from({ length: many }, () => absurdValue(random, field));
}

function absurdValue(random: Random, field: DescField): Uint8Array {
  const delimited = (body: Uint8Array) =>
    joined(tagOf(field.number, LENGTH_DELIMITED), varint(BigInt(body.length)), body);
  const inner = field.message;
  if (inner !== undefined) {
    if (random.chance(0.05)) return delimited(new Uint8Array());
    return inner.name === "JsonObjectMessage"
      ? delimited(joined(tagOf(1, LENGTH_DELIMITED), ...lengthAnd(absurdJson(random))))
      : delimited(withAbsurdField(random, inner, new Uint8Array()));
  }
  if (field.scalar === ScalarType.STRING) {
    const [length, body] = lengthAnd(
      field.fieldKind === "list" ? random.pick(SHORT_TEXTS) : absurdTexts(random),
    );
    return joined(tagOf(field.number, LENGTH_DELIMITED), length, body);
  }
  if (field.scalar === ScalarType.BYTES) return delimited(random.bytes(random.pick([0, 1, 100, 6_000])));
  if (field.scalar === ScalarType.BOOL) {
    return joined(tagOf(field.number, VARINT), varint(random.pick([0n, 1n, 2n, -1n])));
  }
  return joined(tagOf(field.number, VARINT), varint(random.pick(absurdNumbers)));
}

/** For lists: a few, so that a list of thousands names few different things. */
const SHORT_TEXTS = ["", "tuffy", "a,b,,c", "__proto__", "\u0000", "_tmp:x", "💥", "x".repeat(65)];

function lengthAnd(text: string): [Uint8Array, Uint8Array] {
  const body = new Uint8Array(Buffer.from(text));
  return [varint(BigInt(body.length)), body];
}

function messageIn(schema: DescMessage, number: number): DescMessage | undefined {
  return schema.fields.find((field) => field.number === number)?.message;
}

function tagOf(number: number, type: number): Uint8Array {
  return varint((BigInt(number) << 3n) | BigInt(type));
}

function written({ type, tag, body }: WireField): Uint8Array {
  return type === LENGTH_DELIMITED ? joined(tag, varint(BigInt(body.length)), body) : joined(tag, body);
}

/** The fields of a message, one level deep; undefined for bytes that are none. */
function fieldsOf(message: Uint8Array): WireField[] | undefined {
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
