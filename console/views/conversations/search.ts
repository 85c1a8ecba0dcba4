import { isRecord, parseJson } from "../../ui/json.ts";

/** What conversations are looked for by. */
export const searchFields = ["name", "id", "member", "creator", "where"] as const;
export type SearchField = (typeof searchFields)[number];

export const kinds = ["all", "normal", "room", "system"] as const;
export type Kind = (typeof kinds)[number];

/** The parameters of the search, of which there is one at most. */
export type Sought = Partial<Record<"id" | "name_contains" | "member" | "creator" | "where", string>>;

/** What the API is asked, or why the text cannot be looked for. */
export type Search = { sought: Sought } | { problem: string };

/** The search for a text that was typed. The empty text finds all. */
export function searchFor(field: SearchField, typed: string, notObject: string): Search {
  const text = typed.trim();
  if (text === "") return { sought: {} };
  switch (field) {
    case "id":
      return { sought: { id: text } };
    case "name":
      return { sought: { name_contains: text } };
    case "member":
      return { sought: { member: text } };
    case "creator":
      return { sought: { creator: text } };
    case "where": {
      const parsed = parseJson(text);
      if (!parsed.isJson) return { problem: parsed.problem };
      return isRecord(parsed.value) ? { sought: { where: text } } : { problem: notObject };
    }
  }
}

/** Ids of temporary conversations are in no index: what is typed leads straight to one. */
export const isTemporaryId = (text: string): boolean => text.trim().startsWith("_tmp:");
