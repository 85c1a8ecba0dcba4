import type { Env } from "../../bindings.ts";
import { countUsers, listUsers } from "../../database/users/users.ts";
import type { JsonObject } from "../../model/json.ts";
import type { User } from "../../model/user.ts";
import { isVisibleTo, ownUserJson, publicUserJson } from "../../users/user-json.ts";
import { parseUserQuery, type UserQuery } from "../../users/user-query.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import { INVALID_QUERY } from "../errors.ts";
import { awaitCall } from "../object-call.ts";
import { isWithinRate } from "../request-rate.ts";
import { type ApiResponse, invalid } from "../response.ts";
import { idOf, type UserCaller } from "./user-requests.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 100;
/** Rows have up to 64 KB each: so many are read at once, with a turn for everybody else between. */
const READ_AT_ONCE = 10;
/** A query for so many ids counts as one more request. */
const IDS_PER_REQUEST = 2;
const SKIP_MAX = 100_000;

export interface UserSearch {
  where?: JsonObject | undefined;
  limit?: number | undefined;
  skip?: number | undefined;
  count?: boolean | undefined;
}

const closed: ApiResponse = {
  status: 403,
  failure: { code: 403, error: "Forbidden: with the app key, users are found by their ids alone." },
};

const tooMany: ApiResponse = {
  status: 429,
  failure: { code: 429, error: "Too many requests from this address; try again later." },
};

/**
 * Finds users: for the owner by id, name, address or number, or all, page by page; for everybody else by their ids, and
 * each as `readUser` shows it.
 */
export async function searchUsers(env: Env, asked: UserSearch, caller: UserCaller): Promise<ApiResponse> {
  const { where = {}, limit = LIMIT_DEFAULT, skip = 0, count = false } = asked;
  const parsed = parseUserQuery(where);
  if ("problem" in parsed) return invalid(INVALID_QUERY, parsed.problem);
  const { query } = parsed;
  const { isOwner } = caller;
  if (!isOwner && query?.by !== "id") return closed;
  const cost = Math.floor((query?.values.length ?? 0) / IDS_PER_REQUEST);
  if (!isOwner && !isWithinRate(caller.countedAs, cost, Date.now())) return tooMany;
  const page = {
    limit: limit < 0 ? LIMIT_DEFAULT : Math.min(limit, LIMIT_MAX),
    skip: Math.min(Math.max(skip, 0), SKIP_MAX),
  };
  const [found, readerId] = await awaitCall(
    Promise.all([pageOf(env.DB, query, page), idOf(env, caller)]),
    "finding users",
  );
  const seen = found.filter((user) => isOwner || user.id === readerId || isVisibleTo(user, readerId));
  const results = seen.map((user) =>
    isOwner || user.id === readerId ? ownUserJson(user) : publicUserJson(user),
  );
  if (!count) return { status: 200, body: { results } };
  const all = query === undefined ? await awaitCall(countUsers(env.DB), "counting users") : seen.length;
  return { status: 200, body: { results, count: all } };
}

async function pageOf(
  db: D1Database,
  query: UserQuery,
  { limit, skip }: { limit: number; skip: number },
): Promise<User[]> {
  const page: User[] = [];
  while (page.length < limit) {
    const some = { limit: Math.min(READ_AT_ONCE, limit - page.length), skip: skip + page.length };
    const found = await listUsers(db, query, some);
    page.push(...found);
    if (found.length < some.limit) break;
    await yieldToEventLoop();
  }
  return page;
}
