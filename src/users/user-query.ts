import { isObject, type Json, type JsonObject } from "../model/json.ts";

/** Which users are asked for: all of them, or those whose id or name is one of some values. */
export type UserQuery = { by: "id" | "username" | "email" | "phone"; values: string[] } | undefined;

const FIELDS = new Map([
  ["objectId", "id"],
  ["username", "username"],
  ["email", "email"],
  ["mobilePhoneNumber", "phone"],
] as const);

/** Values of one query. */
const VALUES_MAX = 1_000;

/** Reads a `where`: nothing, or one field with a text or a list of them (`$in`); else a sentence says what it may be. */
export function parseUserQuery(where: JsonObject): { query: UserQuery } | { problem: string } {
  const [condition, ...others] = Object.entries(where);
  if (condition === undefined) return { query: undefined };
  const [field, wanted] = condition;
  const by = [...FIELDS].find(([name]) => name === field)?.[1];
  const values = valuesOf(wanted);
  if (others.length > 0 || by === undefined || values === undefined || values.length > VALUES_MAX)
    return {
      problem: `users are found by one of ${[...FIELDS.keys()].join(", ")}: a text, or $in with texts`,
    };
  return { query: { by, values } };
}

function valuesOf(wanted: Json): string[] | undefined {
  const list = isObject(wanted) && Object.keys(wanted).length === 1 ? (wanted.$in ?? [wanted.$eq]) : [wanted];
  if (!Array.isArray(list)) return undefined;
  const texts = list.filter((value) => typeof value === "string");
  return texts.length === list.length ? texts : undefined;
}
