/** What a text is as JSON: a value, or where it breaks. */
export type ParsedJson = { isJson: true; value: unknown } | { isJson: false; problem: string };

/** The server takes no deeper attributes. What is deeper, such as a client's message, would print as hundreds of megabytes. */
const DEEPEST = 64;

export function parseJson(text: string): ParsedJson {
  if (isTooDeep(text)) return { isJson: false, problem: `nested deeper than ${DEEPEST} levels` };
  try {
    return { isJson: true, value: JSON.parse(text) };
  } catch (error) {
    return { isJson: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [mark] of text.matchAll(/"(?:\\.|[^"\\])*"|[[{}\]]/gs)) {
    if (mark === "[" || mark === "{") depth += 1;
    else if (mark === "]" || mark === "}") depth -= 1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether two values are the same as JSON: the order of fields does not matter. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((each, index) => isSame(each, other[index]));
  if (!isRecord(one) || !isRecord(other)) return Object.is(one, other);
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  );
}

/** A piece of printed JSON, and what kind it is. */
export interface Token {
  kind: "key" | "string" | "number" | "word" | "other";
  text: string;
}

const TOKENS = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)/g;

/** Splits printed JSON for colours. Put together, the pieces are the text. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKENS)) {
    const [whole, string, colon, number] = match;
    if (match.index > at) tokens.push({ kind: "other", text: text.slice(at, match.index) });
    at = match.index + whole.length;
    if (string !== undefined) {
      tokens.push({ kind: colon === undefined ? "string" : "key", text: string });
      if (colon !== undefined) tokens.push({ kind: "other", text: colon });
    } else tokens.push({ kind: number === undefined ? "word" : "number", text: whole });
  }
  if (at < text.length) tokens.push({ kind: "other", text: text.slice(at) });
  return tokens;
}
