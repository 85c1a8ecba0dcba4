import { isRecord, parseJson } from "../../ui/json.ts";

/** What conversations are looked for by. */
export const searchFields = ["name", "id", "member", "creator", "where"] as const;
export type SearchField = (typeof searchFields)[number];

export const kinds = ["conversations", "rooms", "services"] as const;
export type Kind = (typeof kinds)[number];

/** A `where` for the API, no condition at all, or why the text is none. */
export type Search = { where: string | undefined } | { problem: string };

/** Characters that mean something in a regular expression, taken as they are. */
const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** The condition for a text that was typed. The empty text is no condition. */
export function searchFor(field: SearchField, typed: string, notObject: string): Search {
  const text = typed.trim();
  if (text === "") return { where: undefined };
  switch (field) {
    case "id":
      return { where: JSON.stringify({ objectId: text }) };
    case "name":
      return { where: JSON.stringify({ name: { $regex: literally(text), $options: "i" } }) };
    case "member":
      return { where: JSON.stringify({ m: text }) };
    case "creator":
      return { where: JSON.stringify({ c: text }) };
    case "where": {
      const parsed = parseJson(text);
      if (!parsed.isJson) return { problem: parsed.problem };
      return isRecord(parsed.value) ? { where: text } : { problem: notObject };
    }
  }
}
