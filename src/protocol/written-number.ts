import type { Json, WrittenNumber } from "../model/json.ts";

/*
 * Numbers that are only passed on stay as they were written. JavaScript has one kind of number: it would make
 * 9007199254740993 even, and turn 1.0, which Java and C# read as a fraction, into a whole number.
 */

/** The text that a value was read from; only of values that hold no others. */
interface Source {
  source?: string;
}

declare global {
  interface JSON {
    /** `JSON.stringify` writes this text unchanged. */
    rawJSON(text: string): unknown;
    parse<Value = Json>(text: string, reviver: (key: string, value: Json, context: Source) => unknown): Value;
  }
}

// Called for objects alone, so for no other text; the platform copies no methods with an object.
Object.defineProperty(String.prototype, "toJSON", {
  configurable: true,
  value(this: unknown) {
    return JSON.rawJSON(String(this));
  },
});

export const isWritten = (value: unknown): value is WrittenNumber => value instanceof String;

/** Matches text that may have numbers that JavaScript would change: many digits, a fraction, an exponent, or -0. */
const SUSPECT = /\d{16}|\.\d|\d[eE]|-0/;
/** The most such numbers kept in one text: each costs about 1 µs. */
const WRITTEN_MAX = 10_000;

/**
 * Parses JSON that is known to be well-formed, with every number as it was written; undefined if there are too many
 * that JavaScript would change.
 *
 * @param plain the same with JavaScript's numbers
 */
export function asWritten(text: string, plain: Json): Json | undefined {
  if (!SUSPECT.test(text)) return plain;
  let count = 0;
  const value = JSON.parse(text, (_, each, context) => {
    const number = count > WRITTEN_MAX ? each : kept(each, context);
    if (number !== each) count += 1;
    return number;
  });
  return count > WRITTEN_MAX ? undefined : value;
}

/** For JSON that was written here. */
export function readAsWritten<Value>(text: string): Value {
  return SUSPECT.test(text) ? JSON.parse(text, (_, each, context) => kept(each, context)) : JSON.parse(text);
}

/** A value as it was written, for code with its own way of reading JSON. */
export function kept(value: Json, { source }: Source): Json {
  return typeof value !== "number" || source === undefined || String(value) === source
    ? value
    : written(source);
}

function written(source: string): WrittenNumber {
  const number: unknown = new String(source);
  if (!isWritten(number)) throw new TypeError("not a text in an object");
  return number;
}

/** The JavaScript number of a numeric value; undefined for any other. */
export function numberOf(value: Json | undefined): number | undefined {
  if (typeof value === "number") return value;
  return isWritten(value) ? Number(value) : undefined;
}

/** A value with JavaScript numbers in place of written ones. */
export const plain = <Value>(value: Value | WrittenNumber): Value | number =>
  isWritten(value) ? Number(value) : value;

/** A whole number of any size; undefined for a fraction, or a number written as one. */
function wholeOf(value: number | WrittenNumber): bigint | undefined {
  const text = String(value);
  return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}

/** Exact for whole numbers; fractions add up as JavaScript's do. */
export function sumOf(one: number | WrittenNumber, other: number | WrittenNumber): number | WrittenNumber {
  const [left, right] = [wholeOf(one), wholeOf(other)];
  if (left === undefined || right === undefined) return Number(one) + Number(other);
  const sum = left + right;
  const near = Number(sum);
  return Number.isSafeInteger(near) ? near : written(String(sum));
}

/** Whether SQLite, whose whole numbers have 64 bits, can distinguish a number from its neighbours. */
export function isComparable(value: WrittenNumber): boolean {
  const whole = wholeOf(value);
  return whole === undefined || BigInt.asIntN(64, whole) === whole;
}
