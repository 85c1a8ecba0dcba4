import { RE2JS } from "re2js";

/** A `$regex`: either simple enough for SQL's own functions, or run here. */
export type Pattern =
  | { type: "literal"; place: "anywhere" | "start" | "end" | "whole"; text: string }
  | { type: "general"; matches(value: string): boolean /** Steps per character, about. */; cost: number };

const PATTERN_LENGTH_MAX = 512;
/** Instructions of the compiled pattern: `(\pL{1000})` repeated fits 512 characters and makes 40,000. */
const PROGRAM_SIZE_MAX = 4000;

const META = new Set("\\.+*?()|[]{}^$");

/** Parses `$regex` with `$options`; a string is the reason for a refusal. */
export function parseRegex(source: string, options: string): Pattern | string {
  if (source.length > PATTERN_LENGTH_MAX) return `$regex is longer than ${PATTERN_LENGTH_MAX} characters`;
  let flags = 0;
  for (const option of options) {
    if (option === "i") flags |= RE2JS.CASE_INSENSITIVE;
    else if (option === "m") flags |= RE2JS.MULTILINE;
    else if (option === "s") flags |= RE2JS.DOTALL;
    else return "$options knows i, m and s";
  }
  const unquoted = unquote(source);
  return literalOf(unquoted, options) ?? compile(unquoted, flags);
}

// RE2 and not RegExp: its time is linear in the text, so no client's pattern can block the Worker.
function compile(source: string, flags: number): Pattern | string {
  try {
    // The translation handles JavaScript's own syntax, such as \u4e00.
    const compiled = RE2JS.compile(RE2JS.translateRegExp(source), flags);
    const cost = compiled.programSize();
    if (cost > PROGRAM_SIZE_MAX) return "$regex is too complicated";
    return { type: "general", matches: (value) => compiled.test(value), cost };
  } catch {
    // re2js throws on lookaround, back references and broken syntax alike.
    return "$regex is malformed or uses what is not supported";
  }
}

/** Rewrites `\Q…\E` with single escapes, which re2js's translation of JavaScript patterns keeps intact. */
function unquote(source: string): string {
  let result = "";
  for (let at = 0; at < source.length; ) {
    if (source[at] !== "\\") {
      result += source[at++];
    } else if (source[at + 1] !== "Q") {
      result += source.slice(at, at + 2);
      at += 2;
    } else {
      const end = source.indexOf("\\E", at + 2);
      for (const character of source.slice(at + 2, end === -1 ? undefined : end)) {
        result += META.has(character) || character === "-" ? `\\${character}` : character;
      }
      at = end === -1 ? source.length : end + 2;
    }
  }
  return result;
}

/**
 * The patterns of the SDKs' contains, startsWith and endsWith (`x`, `.*x.*`, `^x`, `^x.*`, `x$`, `.*x$`): fixed text at
 * a fixed place. Letter case and line anchors are left to RE2, unless they cannot matter.
 */
function literalOf(source: string, options: string): Pattern | undefined {
  let at = 0;
  let start = false;
  let end = false;
  if (source.startsWith("^")) {
    start = true;
    at = 1;
  } else if (source.startsWith(".*")) {
    at = 2;
  }
  let text = "";
  while (at < source.length) {
    const character = source[at] ?? "";
    const next = source[at + 1] ?? "";
    const rest = source.slice(at);
    if (rest === "$") {
      end = true;
      at += 1;
    } else if (rest === ".*") {
      at += 2;
    } else if (character === "\\" && /[!-/:-@[-`{-~]/.test(next)) {
      text += next;
      at += 2;
    } else if (META.has(character)) {
      return undefined;
    } else {
      text += character;
      at += 1;
    }
  }
  if (options.includes("i") && text.toLowerCase() !== text.toUpperCase()) return undefined;
  if (options.includes("m") && (start || end)) return undefined;
  const place = start ? (end ? "whole" : "start") : end ? "end" : "anywhere";
  return { type: "literal", place, text };
}
