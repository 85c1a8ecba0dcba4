import { isRecord, parseJson } from "../../ui/json.ts";

/** What installations are looked for by. */
export const searchFields = ["client", "token", "vendor", "where"] as const;
export type SearchField = (typeof searchFields)[number];

/** A `where` for the API, no condition at all, or why the text is none. */
export type Search = { where: string | undefined } | { problem: string };

const TOKENS = ["deviceToken", "registrationId", "installationId", "objectId"];

/** The condition for a text that was typed. The empty text is no condition. */
export function searchFor(field: SearchField, typed: string, notObject: string): Search {
  const text = typed.trim();
  if (text === "") return { where: undefined };
  switch (field) {
    case "client":
      return { where: JSON.stringify({ channels: text }) };
    case "token":
      return { where: JSON.stringify({ $or: TOKENS.map((name) => ({ [name]: text })) }) };
    case "vendor":
      return { where: JSON.stringify({ $or: [{ vendor: text }, { deviceType: text }] }) };
    case "where": {
      const parsed = parseJson(text);
      if (!parsed.isJson) return { problem: parsed.problem };
      return isRecord(parsed.value) ? { where: text } : { problem: notObject };
    }
  }
}

/** Whom a notification is for. */
export const audiences = ["channel", "where", "all"] as const;
export type Audience = (typeof audiences)[number];

/** Who a notification is for, as `where` of the API, or why the text says it not. An empty text names nobody. */
export function audienceOf(
  audience: Audience,
  typed: string,
  text: { notObject: string; nobody: string },
): { where: Record<string, unknown> } | { problem: string } {
  if (audience === "all") return { where: {} };
  const given = typed.trim();
  if (given === "") return { problem: text.nobody };
  if (audience === "channel") {
    const channels = given.split(/[\s,，]+/).filter((each) => each !== "");
    return channels.length === 0 ? { problem: text.nobody } : { where: { channels: { $in: channels } } };
  }
  const parsed = parseJson(given);
  if (!parsed.isJson) return { problem: parsed.problem };
  return isRecord(parsed.value) ? { where: parsed.value } : { problem: text.notObject };
}

/** Those of them that a push reaches: valid, and seen in the last 90 days. */
export function reachable(where: Record<string, unknown>, now: number): string {
  const since = { __type: "Date", iso: new Date(now - 90 * 86_400_000).toISOString() };
  return JSON.stringify({ $and: [where, { valid: true, updatedAt: { $gte: since } }] });
}
