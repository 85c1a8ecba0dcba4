import type { Content } from "../model/records.ts";
import type { Settings } from "../settings/schema.ts";
import { changeTypedText } from "./typed-text.ts";
import type { WordList } from "./word-list.ts";

/**
 * Whether messages are filtered in a conversation of so many: groups always, two people if the owner says so, and where
 * there is no list of members.
 */
export function isFiltered(
  memberCount: number | undefined,
  { keywords }: Pick<Settings, "keywords">,
): boolean {
  return keywords.version !== null && (memberCount !== 2 || keywords.oneToOne);
}

/**
 * The filtered content of a message or an edit; undefined if the words change nothing. In a typed message only the text
 * is filtered, in any other text all of it, even if the result is no longer JSON. Binary content is not
 * filtered.
 */
export function filtered(content: Content, words: WordList): { content: string } | undefined {
  if (typeof content !== "string") return undefined;
  const mask = (text: string) => words.mask(text);
  const changed = isTyped(content) ? changeTypedText(content, mask) : mask(content);
  return changed === undefined || changed === content ? undefined : { content: changed };
}

/** An object with a number for its type, as every typed message of an SDK is. */
function isTyped(content: string): boolean {
  if (!content.trimStart().startsWith("{")) return false;
  try {
    const value: { _lctype?: unknown } = JSON.parse(content);
    return typeof value._lctype === "number";
  } catch {
    return false;
  }
}
