import * as v from "valibot";
import type { Env } from "../bindings.ts";
import { isConversationId } from "../conversation/messages/ids.ts";
import type { JsonObject } from "../model/json.ts";
import { settingsOf } from "../settings/store.ts";
import { usersAt } from "../settings/user-settings.ts";
import * as rows from "./classes/conversation-rows.ts";
import { failures, INVALID_FIELD, INVALID_PARAMETER } from "./errors.ts";
import { withoutNulls } from "./operation.ts";
import { problemIn } from "./problem.ts";
import {
  readInstallation,
  removeInstallation,
  type Saver,
  searchInstallations,
  storeInstallation,
} from "./push/installation-requests.ts";
import { finding, saving } from "./push/installations.ts";
import { type ApiResponse, invalid } from "./response.ts";
import { deleteUser, readUser, saveUser, signUp, type UserCaller } from "./users/user-requests.ts";
import { searchUsers } from "./users/user-search.ts";
import { finding as findingUsers, joining, saving as savingUser } from "./users/users.ts";

/* The requests that a batch may have, each answered as if it came alone. */

/** Who sends a batch, as far as the parts need to know. */
export interface BatchCaller {
  saver: Saver;
  user: UserCaller;
}

const unauthorized: ApiResponse = { status: 401, failure: failures.unauthorized };

/** One request of a batch. */
export interface BatchPart {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Several only for deletion. */
  ids: string[];
  parameters: Record<string, string>;
  body: JsonObject;
  caller: BatchCaller;
}

/** Undefined if there is no such request. */
export async function aboutDevice(env: Env, part: BatchPart): Promise<ApiResponse | undefined> {
  const { method, ids, parameters, body } = part;
  const { DB: db } = env;
  const { saver } = part.caller;
  const { isOwner } = saver;
  const [id, ...others] = ids;
  if (method === "GET" && id === undefined) {
    if (!isOwner) return unauthorized;
    const query = v.safeParse(finding, parameters);
    return query.success ? searchInstallations(env, query.output) : misfit(INVALID_PARAMETER, query.issues);
  }
  if (method === "DELETE" && id !== undefined) {
    if ("where" in parameters) return conditional;
    return isOwner ? eachOf(ids, (one) => removeInstallation(db, one)) : unauthorized;
  }
  if (others.length > 0) return undefined;
  if (method === "GET" && id !== undefined) return readInstallation(db, id);
  if (method !== (id === undefined ? "POST" : "PUT")) return undefined;
  const query = v.safeParse(saving, parameters);
  if (!query.success) return misfit(INVALID_PARAMETER, query.issues);
  const { fetchWhenSave = false, new: fresh = false } = query.output;
  return storeInstallation(env, { id, changes: body, full: fetchWhenSave || fresh }, saver);
}

export async function aboutChat(env: Env, part: BatchPart): Promise<ApiResponse | undefined> {
  const { method, ids, parameters, body, caller } = part;
  const [id, ...others] = ids;
  if (!caller.saver.isOwner) return unauthorized;
  if (!ids.every(isConversationId)) return invalid(INVALID_PARAMETER, "id: must be a conversation's id");
  if (method === "DELETE" && "where" in parameters) return conditional;
  if (method === "DELETE" && id !== undefined) return eachOf(ids, (one) => rows.removeRow(env, one));
  if (others.length > 0) return undefined;
  if (method === "GET") {
    if (id !== undefined) return rows.readRow(env, id);
    const query = v.safeParse(rows.searchOptions, parameters);
    return query.success ? rows.searchRows(env, query.output) : misfit(INVALID_PARAMETER, query.issues);
  }
  if (method === "POST" && id === undefined) {
    const row = v.safeParse(rows.rowDescription, withoutNulls(body), { abortPipeEarly: true });
    return row.success ? rows.createRow(env, row.output) : misfit(INVALID_FIELD, row.issues);
  }
  if (method !== "PUT" || id === undefined) return undefined;
  const how = v.safeParse(rows.updateOptions, parameters);
  if (!how.success) return misfit(INVALID_PARAMETER, how.issues);
  const changes = v.safeParse(rows.rowChanges, body, { abortPipeEarly: true });
  return changes.success
    ? rows.updateRow(env, id, changes.output, how.output)
    : misfit(INVALID_FIELD, changes.issues);
}

/** Undefined if there is no such request. */
export async function aboutUser(env: Env, part: BatchPart): Promise<ApiResponse | undefined> {
  const { method, ids, parameters, body, caller } = part;
  const { user } = caller;
  const [id, ...others] = ids;
  if (usersAt((await settingsOf(env).get()).users) !== "here") return elsewhere;
  if (method === "DELETE" && "where" in parameters) return conditional;
  if (method === "DELETE" && id !== undefined) return eachOf(ids, (one) => deleteUser(env, one, user));
  if (others.length > 0) return undefined;
  if (method === "GET" && id !== undefined) return readUser(env, id, user);
  if (method === "GET") {
    const query = v.safeParse(findingUsers, parameters);
    return query.success ? searchUsers(env, query.output, user) : misfit(INVALID_PARAMETER, query.issues);
  }
  if (method !== (id === undefined ? "POST" : "PUT")) return undefined;
  const query = v.safeParse(id === undefined ? joining : savingUser, parameters);
  if (!query.success) return misfit(INVALID_PARAMETER, query.issues);
  if (id === undefined)
    return signUp(env, body, { failOnNotExist: query.output.failOnNotExist === true }, user);
  const full = query.output.fetchWhenSave === true || query.output.new === true;
  return saveUser(env, { id, changes: body, full }, user);
}

const elsewhere: ApiResponse = {
  status: 404,
  failure: {
    code: 404,
    error: 'Users are switched off. Set users.where to "here" to keep users on this server.',
  },
};

const conditional = invalid(INVALID_PARAMETER, "where: deleting under a condition is not served");

/** The first refusal is the response; the ids before it are deleted. */
async function eachOf(
  ids: readonly string[],
  act: (id: string) => Promise<ApiResponse>,
): Promise<ApiResponse> {
  for (const id of ids) {
    const answer = await act(id);
    if (answer.failure !== undefined) return answer;
  }
  return { status: 200, body: {} };
}

function misfit(code: number, [issue]: [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): ApiResponse {
  return invalid(code, problemIn(issue));
}
