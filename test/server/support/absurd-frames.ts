import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { GenericCommandSchema } from "../../../src/protocol/generated/message_pb.js";
import { absurdJson, absurdNumbers, absurdTexts } from "./absurd-values.ts";
import type { Random } from "./random.ts";
import { fieldsOf, joined, LENGTH_DELIMITED, tagOf, VARINT, varint, written } from "./wire-fields.ts";

/** A frame that parses, with one to three fields set to something absurd. */
export function absurd(random: Random, frame: Uint8Array): Uint8Array {
  let result = frame;
  for (let times = 1 + random.below(3); times > 0; times--) {
    result = withAbsurdField(random, GenericCommandSchema, result);
  }
  return result;
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
