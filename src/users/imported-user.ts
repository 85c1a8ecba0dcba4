import {
  findUser,
  idsOnceUsed,
  insertUser,
  insertUsers,
  updateUser,
  wasRemoved,
} from "../database/users/users.ts";
import { isObject, type Json, type JsonObject } from "../model/json.ts";
import type { StoredPassword, User, UserContent } from "../model/user.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import type { UsersEnv } from "./accounts.ts";
import { newToken, randomName, storedToken, TOKEN_LENGTH_MAX } from "./session-token.ts";
import { changeUser, isRefusal } from "./user-changes.ts";
import { userErrors } from "./user-errors.ts";

/** What became of a row. `kept`: the user here is as new as the row, or newer, or was deleted here. */
export type Imported = { outcome: "added" | "changed" | "kept" } | { outcome: "refused"; why: string };

/** A row of `_User` as LeanCloud exports it, read. */
export interface ImportedUser {
  id: string;
  content: UserContent;
  /** As it is over there; undefined if the row has none. */
  password: StoredPassword | undefined;
  sessionToken: string | undefined;
  /** Milliseconds. */
  createdAt: number;
  updatedAt: number;
}

/** Reads a row, or says why it is refused. */
export function readImportedUser(row: Json): ImportedUser | string {
  if (!isObject(row)) return "must be an object";
  const { objectId: id, password: hash, salt, sessionToken, createdAt, updatedAt, ...described } = row;
  if (typeof id !== "string" || !/^\w{1,64}$/.test(id)) return "objectId: must be an id";
  const created = timeOf(createdAt);
  const updated = timeOf(updatedAt) ?? created;
  if (created === undefined || updated === undefined) return "createdAt, updatedAt: must be times";
  if (sessionToken !== undefined && sessionToken !== null && !isToken(sessionToken))
    return "sessionToken: must be a text";
  const password = passwordIn(hash, salt);
  if (password === "malformed") return "password, salt: must be a hash and its salt, in texts";
  const changed = changeUser(
    undefined,
    { username: randomName(), ...withoutNulls(described) },
    { isOwner: true, takesPlatforms: true, isImport: true },
  );
  if (isRefusal(changed)) {
    if ("why" in changed) return `${changed.field}: ${changed.why}`;
    const { error } = userErrors[changed.refused];
    return changed.detail === undefined ? error : `${error} ${changed.detail}`;
  }
  return {
    id,
    content: changed.content,
    password,
    sessionToken: sessionToken ?? undefined,
    createdAt: created,
    updatedAt: updated,
  };
}

/**
 * Imports a user with id, session token, and the password's hash and salt as they are. A user who is there already is
 * changed if the row is newer: an import can be repeated. Throws if D1 fails.
 */
export async function importUser(env: UsersEnv, imported: ImportedUser): Promise<Imported> {
  const { id, updatedAt } = imported;
  const before = await findUser(env.DB, { by: "id", value: id });
  if (before !== undefined && before.updatedAt >= updatedAt) return { outcome: "kept" };
  if (before === undefined && (await wasRemoved(env.DB, id))) return { outcome: "kept" };
  const user = await importedUser(env, imported, before);
  if (before === undefined) {
    const taken = await insertUser(env.DB, user);
    return taken === undefined ? { outcome: "added" } : refused(`another user has this ${taken.taken}`);
  }
  const written = await updateUser(env.DB, before, user);
  if (written === "done") return { outcome: "changed" };
  // Somebody changed the user just now, so what is here is newer.
  return written === undefined ? { outcome: "kept" } : refused(`another user has this ${written.taken}`);
}

/**
 * Imports the users among these who are not here, in one transaction, or none if any has something that is another
 * user's. Returns what became of each, undefined for those that have to be imported one by one. Throws if D1 fails.
 */
export async function importNewUsers(
  env: UsersEnv,
  given: readonly ImportedUser[],
): Promise<(Imported | undefined)[]> {
  const here = await idsOnceUsed(
    env.DB,
    given.map(({ id }) => id),
  );
  const users: User[] = [];
  for (const imported of given) {
    if (here.has(imported.id)) continue;
    here.add(imported.id);
    users.push(await importedUser(env, imported, undefined));
    await yieldToEventLoop();
  }
  if (users.length === 0 || (await insertUsers(env.DB, users)) !== undefined)
    return given.map(() => undefined);
  const added = new Set(users.map(({ id }) => id));
  // A second row of the same user comes after the first.
  return given.map(({ id }) => (added.delete(id) ? { outcome: "added" } : undefined));
}

/** @param before the user as they are here */
async function importedUser(
  { MASTER_KEY }: UsersEnv,
  { sessionToken, content, password, ...row }: ImportedUser,
  before: User | undefined,
): Promise<User> {
  const kept =
    sessionToken === undefined && before !== undefined
      ? before
      : await storedToken(sessionToken ?? newToken(), MASTER_KEY);
  const { tokenHash, sealedToken } = kept;
  return { ...content, ...row, password: password ?? before?.password, tokenHash, sealedToken };
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
