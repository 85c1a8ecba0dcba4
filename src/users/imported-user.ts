import { findUser, insertUser, updateUser, wasRemoved } from "../database/users/users.ts";
import { isObject, type Json, type JsonObject } from "../model/json.ts";
import type { StoredPassword, User } from "../model/user.ts";
import type { UsersEnv } from "./accounts.ts";
import { newToken, randomName, storedToken, TOKEN_LENGTH_MAX } from "./session-token.ts";
import { changeUser, isRefusal } from "./user-changes.ts";
import { userErrors } from "./user-errors.ts";

/** What became of a row. `kept`: the user here is as new as the row, or newer, or was deleted here. */
export type Imported = { outcome: "added" | "changed" | "kept" } | { outcome: "refused"; why: string };

/**
 * Imports a row of `_User` as LeanCloud exports it, with its id, session token, and the password's hash and salt as they
 * are. A user who is there already is changed if the row is newer: an import can be repeated. Throws if D1 fails.
 */
export async function importUser(env: UsersEnv, row: JsonObject): Promise<Imported> {
  const { objectId: id, password, salt, sessionToken, createdAt, updatedAt, ...described } = row;
  if (typeof id !== "string" || !/^\w{1,64}$/.test(id)) return refused("objectId: must be an id");
  const created = timeOf(createdAt);
  const updated = timeOf(updatedAt) ?? created;
  if (created === undefined || updated === undefined) return refused("createdAt, updatedAt: must be times");
  if (sessionToken !== undefined && sessionToken !== null && !isToken(sessionToken))
    return refused("sessionToken: must be a text");
  const hash = passwordIn(password, salt);
  if (hash === "malformed") return refused("password, salt: must be a hash and its salt, in texts");
  const changed = changeUser(
    undefined,
    { username: randomName(), ...withoutNulls(described) },
    { isOwner: true, takesPlatforms: true, isImport: true },
  );
  if (isRefusal(changed)) {
    if ("why" in changed) return refused(`${changed.field}: ${changed.why}`);
    const { error } = userErrors[changed.refused];
    return refused(changed.detail === undefined ? error : `${error} ${changed.detail}`);
  }
  const before = await findUser(env.DB, { by: "id", value: id });
  if (before !== undefined && before.updatedAt >= updated) return { outcome: "kept" };
  if (before === undefined && (await wasRemoved(env.DB, id))) return { outcome: "kept" };
  const token = isToken(sessionToken) ? sessionToken : newToken();
  const kept =
    !isToken(sessionToken) && before !== undefined ? before : await storedToken(token, env.MASTER_KEY);
  const user: User = {
    ...changed.content,
    id,
    password: hash ?? before?.password,
    tokenHash: kept.tokenHash,
    sealedToken: kept.sealedToken,
    createdAt: created,
    updatedAt: updated,
  };
  if (before === undefined) {
    const taken = await insertUser(env.DB, user);
    return taken === undefined ? { outcome: "added" } : refused(`another user has this ${taken.taken}`);
  }
  const written = await updateUser(env.DB, before, user);
  if (written === "done") return { outcome: "changed" };
  // Somebody changed the user just now, so what is here is newer.
  return written === undefined ? { outcome: "kept" } : refused(`another user has this ${written.taken}`);
}

const refused = (why: string): Imported => ({ outcome: "refused", why });

const isToken = (value: Json | undefined): value is string =>
  typeof value === "string" && value !== "" && value.length <= TOKEN_LENGTH_MAX;

/** A time (ms): an ISO text, or a date of LeanCloud's. */
function timeOf(value: Json | undefined): number | undefined {
  const text = isObject(value) ? value.iso : value;
  const time = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isFinite(time) && time >= 0 ? time : undefined;
}

/** Users of other platforms may have no password. */
function passwordIn(
  hash: Json | undefined,
  salt: Json | undefined,
): StoredPassword | undefined | "malformed" {
  if (hash === undefined || hash === null || hash === "") return undefined;
  const isHash = typeof hash === "string" && /^[A-Za-z0-9+/]{86}==$/.test(hash);
  return isHash && typeof salt === "string" && salt.length <= 256
    ? { kind: "leancloud", salt, hash }
    : "malformed";
}

const withoutNulls = (row: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
