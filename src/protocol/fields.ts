import type { Page, Request, Signature } from "./commands.ts";
import type { ErrorName } from "./errors.ts";

/** The value of a field if the sender encoded it. Generated messages return absent fields with their zero value. */
export function given<Message extends object, Key extends keyof Message>(
  message: Message,
  field: Key,
): Message[Key] | undefined {
  return Object.hasOwn(message, field) ? message[field] : undefined;
}

/** Text that is not empty: SDKs send `""` for none. */
export function nonEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}

const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** An int64 as a number. Java's `Long.MAX_VALUE` for "no bound" stays the greatest there is. */
export function toNumber(value: bigint): number {
  if (value > SAFE_MAX) return Number.MAX_SAFE_INTEGER;
  if (value < -SAFE_MAX) return -Number.MAX_SAFE_INTEGER;
  return Number(value);
}

export function optionalNumber(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : toNumber(value);
}

/** `s`, `t`, `n` of a command (wire §6). An incomplete signature is one too, and is refused. */
export function toSignature(message: { s: string; t: bigint; n: string }): Signature | undefined {
  if (message.s === "") return undefined;
  return { signature: message.s, timestamp: toNumber(message.t), nonce: message.n };
}

/**
 * `limit` and `next` of a query for a part of a list; undefined if `next` is not a number. Java counts it by itself, and
 * other SDKs send back what came with the page before (wire §4.5).
 */
export function toPage(message: { limit: number; next: string }): Page | undefined {
  const limit = message.limit > 0 ? message.limit : undefined;
  const next = nonEmpty(message.next);
  if (next === undefined) return { limit, offset: 0 };
  return /^\d{1,9}$/.test(next) ? { limit, offset: Number(next) } : undefined;
}

export function malformed(error: ErrorName, detail: string): Request {
  return { name: "malformed", error, detail };
}
