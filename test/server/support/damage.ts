import type { Random } from "./random.ts";
import {
  FIXED32,
  FIXED64,
  fieldsOf,
  GROUP,
  joined,
  LENGTH_DELIMITED,
  tagOf,
  VARINT,
  varint,
  type WireField,
  written,
} from "./wire-fields.ts";

/** A frame damaged once or several times; often it is no frame any more. */
export function damaged(random: Random, frame: Uint8Array): Uint8Array {
  let result = frame;
  for (let times = 1 + random.below(3); times > 0; times--) result = random.pick(damages)(random, result);
  return result;
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
