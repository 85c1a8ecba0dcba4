import * as v from "valibot";
import { answer, get } from "../../api/client.ts";

/** What accounts are found by: their index, not a part of it. */
export const accountFields = ["username", "objectId", "email"] as const;
export type AccountField = (typeof accountFields)[number];

const text = v.fallback(v.optional(v.string()), undefined);
const account = v.object({ objectId: v.string(), username: text, email: text, createdAt: text });
export type AccountRow = v.InferOutput<typeof account>;

const settings = v.object({ users: v.object({ where: v.string() }) });

/** The accounts of a name or an id, or the first of all; `elsewhere` where they do not live here. */
export async function findAccounts(
  field: AccountField,
  sought: string,
  signal: AbortSignal,
): Promise<AccountRow[] | "elsewhere"> {
  const current: unknown = await answer(get("/admin/settings", { signal }));
  const parsed = v.safeParse(settings, current);
  if (!parsed.success || parsed.output.users.where !== "here") return "elsewhere";
  const where = sought === "" ? undefined : JSON.stringify({ [field]: sought });
  const { results } = await answer(get("/1.1/users", { params: { query: { where, limit: 100 } }, signal }));
  return v.parse(v.array(account), results);
}
