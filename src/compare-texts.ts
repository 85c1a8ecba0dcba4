/**
 * Compares by UTF-8 bytes, as SQLite does. JavaScript compares UTF-16 units, and surrogates come before U+E000 there.
 */
export function compareTexts(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    const [left, right] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (left === right) continue;
    if (isHalf(left) !== isHalf(right)) return isHalf(left) ? 1 : -1;
    return left - right;
  }
  return one.length - other.length;
}

const isHalf = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

/** Longer than an id may be. */
const LONG = 65;

/** In the same order, a text after all ids that begin so, those with the last of all characters among them. */
export const afterPrefix = (prefix: string): string => prefix + "\u{10ffff}".repeat(LONG);
