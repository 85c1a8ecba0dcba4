import type { Env } from "../../bindings.ts";
import { findUser, removeUser, type UserKey } from "../../database/users/users.ts";
import { addressLimits } from "../../gateway/limits/address-limits.ts";
import { isObject, type Json, type JsonObject } from "../../model/json.ts";
import type { StoredPassword, User } from "../../model/user.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import { PASSWORD_SIGN_UP, SIGN_UPS_PER_ADDRESS } from "../../request-bounds.ts";
import { settingsOf } from "../../settings/store.ts";
import * as accounts from "../../users/accounts.ts";
import { hashOf, newToken, storedToken, TOKEN_LENGTH_MAX } from "../../users/session-token.ts";
import { type ChangeRefused, changeUser, isRefusal, passwordProblem } from "../../users/user-changes.ts";
import type { UserRefused } from "../../users/user-errors.ts";
import { isVisibleTo, ownUserJson, publicUserJson } from "../../users/user-json.ts";
import { userOfSession } from "../../users/user-of-session.ts";
import { INVALID_FIELD } from "../errors.ts";
import { awaitCall } from "../object-call.ts";
import { secondsUntil } from "../quota.ts";
import { type ApiResponse, type ErrorResponse, invalid, notThere } from "../response.ts";
import {
  inTurn,
  isWithinPasswordRate,
  passwords,
  sourceOf,
  tooManyPasswords,
  tried,
  userRefusal,
} from "./password-work.ts";

/** The operations on users, for single requests and for parts of a batch (C-05). */

/** Who asks: the app's server, or a device with the app key and perhaps a user's session. */
export interface UserCaller {
  isOwner: boolean;
  sessionToken: string | undefined;
  countedAs: string | undefined;
  /** The same where the caller cannot make it up. */
  provenAs: string | undefined;
}

const notAllowed: ErrorResponse = {
  status: 403,
  failure: { code: 403, error: "Forbidden: only the user and the app's server may do that." },
};

/** A password is hashed after those before it: longer than D1 alone. */
const PASSWORD_DEADLINE = 15_000; // ms

/** Logs a user in by a username, an email address or a phone number, and a password. */
export async function logIn(env: Env, body: JsonObject, caller: UserCaller): Promise<ApiResponse> {
  const key = keyIn(body);
  if (key === undefined) return userRefusal({ refused: "USERNAME_MISSING" });
  const { password, smsCode } = body;
  const isByCode = typeof smsCode === "string" && typeof password !== "string";
  if (isByCode) return userRefusal({ refused: "SENDS_NOTHING" });
  const problem = passwordProblem(password);
  if (problem !== undefined) return userRefusal(problem);
  const call = () => accounts.logIn(env, passwords, key, String(password));
  const logging = tried(`${key.by} ${key.value}`, caller, call);
  const answer = await awaitCall(logging, "logging a user in", PASSWORD_DEADLINE);
  if ("failure" in answer) return answer;
  if ("refused" in answer) return userRefusal(answer);
  return { status: 200, body: ownUserJson(answer.user, answer.sessionToken) };
}

type NamedUser = Extract<UserKey, { value: string }>;

const KEY_LENGTH_MAX = 256; // characters

function keyIn({ username, email, mobilePhoneNumber }: JsonObject): NamedUser | undefined {
  const named = (value: Json | undefined): value is string =>
    typeof value === "string" && value !== "" && value.length <= KEY_LENGTH_MAX;
  if (named(username)) return { by: "username", value: username };
  if (named(email)) return { by: "email", value: email };
  return named(mobilePhoneNumber) ? { by: "phone", value: mobilePhoneNumber } : undefined;
}

/** Signs a user up, or logs one in who has an account on another platform. */
export async function signUp(
  env: Env,
  body: JsonObject,
  { failOnNotExist }: { failOnNotExist: boolean },
  caller: UserCaller,
): Promise<ApiResponse> {
  const { users } = await settingsOf(env).get();
  const { isOwner, countedAs } = caller;
  const now = Date.now();
  const isLinked = isObject(body.authData) && Object.keys(body.authData).length > 0;
  const hasPassword = body.password !== undefined && body.password !== null;
  const most = sourceOf(countedAs).isShared ? SIGN_UPS_PER_ADDRESS.other : SIGN_UPS_PER_ADDRESS.public;
  const weight = hasPassword ? PASSWORD_SIGN_UP : 1;
  if (!isOwner && !addressLimits.take(countedAs, "sign-ups", weight, most, now)) return tooManyUsers;
  const how: accounts.SignUp = {
    isOwner,
    takesPlatforms: isOwner || users.thirdParty,
    passwords,
    now,
    isOpen: isOwner || users.signUp,
    isTooMany: async () => !isOwner && (await secondsUntil(env, "signUps")) !== undefined,
  };
  const act = () =>
    isLinked
      ? accounts.logInByAuthData(env, body, { ...how, failOnNotExist })
      : accounts.signUp(env, body, how);
  const acting = hasPassword ? inTurn(countedAs, act) : act();
  const answer = await awaitCall(acting, "signing a user up", PASSWORD_DEADLINE);
  if (answer === "too many") return tooManyUsers;
  if ("failure" in answer) return answer;
  if (isRefusal(answer)) return changeRefusal(answer);
  return { status: answer.isNew ? 201 : 200, body: ownUserJson(answer.user, answer.sessionToken) };
}

const tooManyUsers: ErrorResponse = {
  status: 429,
  failure: { code: 429, error: "Too many users signed up lately; try again later." },
};

/** The user of a session, as SDKs ask for after a restart (`become`). */
export async function readMe(env: Env, sessionToken: string | undefined): Promise<ApiResponse> {
  if (sessionToken === undefined || sessionToken.length > TOKEN_LENGTH_MAX) return noUser;
  const finding = hashOf(sessionToken).then((hash) => findUser(env.DB, { by: "token", hash }));
  const user = await awaitCall(finding, "reading a user");
  return user === undefined ? noUser : { status: 200, body: ownUserJson(user, sessionToken) };
}

const noUser = userRefusal({ refused: "NOT_FOUND" });

/** Reads a user: all of the row for the user and the owner, for others what is public. */
export async function readUser(env: Env, id: string, caller: UserCaller): Promise<ApiResponse> {
  const [user, readerId] = await awaitCall(
    Promise.all([findUser(env.DB, { by: "id", value: id }), idOf(env, caller)]),
    "reading a user",
  );
  if (user === undefined) return noUser;
  if (caller.isOwner) {
    const sessionToken = await awaitCall(accounts.sessionTokenOf(env, user), "reading a session token");
    return { status: 200, body: ownUserJson(user, sessionToken) };
  }
  if (readerId === user.id) return { status: 200, body: ownUserJson(user) };
  return isVisibleTo(user, readerId) ? { status: 200, body: publicUserJson(user) } : notThere;
}

/** The id of the user who asks; undefined without a session. */
export async function idOf(env: Env, { sessionToken }: UserCaller): Promise<string | undefined> {
  return sessionToken === undefined ? undefined : userOfSession(env, sessionToken);
}

/** Why a caller may not change a user; undefined if it may. */
async function barrier(env: Env, id: string, caller: UserCaller): Promise<ErrorResponse | undefined> {
  if (caller.isOwner) return undefined;
  const callerId = await awaitCall(idOf(env, caller), "reading a session");
  if (callerId === undefined) return userRefusal({ refused: "SESSION_MISSING" });
  return callerId === id ? undefined : notAllowed;
}

/** Changes a user. */
export async function saveUser(
  env: Env,
  { id, changes, full }: { id: string; changes: JsonObject; full: boolean },
  caller: UserCaller,
): Promise<ApiResponse> {
  const barred = await barrier(env, id, caller);
  if (barred !== undefined) return barred;
  const { thirdParty } = (await settingsOf(env).get()).users;
  const author = { isOwner: caller.isOwner, takesPlatforms: caller.isOwner || thirdParty };
  let hashed: StoredPassword | undefined;
  const save = () =>
    accounts.editUser<ChangeRefused>(env, id, Date.now(), async (before) => {
      const changed = changeUser(before, changes, author);
      if (isRefusal(changed)) return changed;
      const { content, password } = changed;
      if (password === undefined) return { ...before, ...content };
      hashed ??= await passwords.hash(password);
      return { ...before, ...content, password: hashed };
    });
  const hasPassword = changes.password !== undefined;
  if (hasPassword && !caller.isOwner && !isWithinPasswordRate(caller.countedAs)) return tooManyPasswords;
  const saving = hasPassword ? inTurn(caller.countedAs, save) : save();
  const user = await awaitCall(saving, "saving a user", PASSWORD_DEADLINE);
  if ("failure" in user) return user;
  if (isRefusal(user)) return changeRefusal(user);
  return { status: 200, body: full ? ownUserJson(user) : inShort(user) };
}

function inShort({ id, updatedAt }: User): JsonObject {
  return { objectId: id, updatedAt: toIsoTime(updatedAt) };
}

function changeRefusal(refused: ChangeRefused): ErrorResponse {
  return "why" in refused ? invalid(INVALID_FIELD, `${refused.field}: ${refused.why}`) : userRefusal(refused);
}

/** Removes a user. */
export async function deleteUser(env: Env, id: string, caller: UserCaller): Promise<ApiResponse> {
  const barred = await barrier(env, id, caller);
  if (barred !== undefined) return barred;
  await awaitCall(removeUser(env.DB, id, Date.now()), "removing a user");
  return { status: 200, body: {} };
}

/**
 * Makes a new session token: the one before it is no longer one. Of requests that come together the first one makes it,
 * and the others answer the same.
 */
export async function refreshSession(env: Env, id: string, caller: UserCaller): Promise<ApiResponse> {
  const barred = await barrier(env, id, caller);
  if (barred !== undefined) return barred;
  const { sessionToken } = caller;
  const before = caller.isOwner || sessionToken === undefined ? tokenHashOf(env, id) : hashOf(sessionToken);
  const tokenHash = await awaitCall(before, "reading a session");
  const answer = await withNewToken(env, id, (user) =>
    user.tokenHash === tokenHash ? user : { renewed: user },
  );
  if ("status" in answer) return answer;
  const { renewed } = answer;
  const token = await awaitCall(accounts.sessionTokenOf(env, renewed), "reading a session token");
  return { status: 200, body: { ...inShort(renewed), sessionToken: token } };
}

async function tokenHashOf(env: Env, id: string): Promise<string | undefined> {
  return (await findUser(env.DB, { by: "id", value: id }))?.tokenHash;
}

/** Changes a password for the user who knows the one before it. Devices with the session token until now log in again. */
export async function updatePassword(
  env: Env,
  id: string,
  { old_password: old, new_password: fresh }: JsonObject,
  caller: UserCaller,
): Promise<ApiResponse> {
  const barred = await barrier(env, id, caller);
  if (barred !== undefined) return barred;
  const problem = passwordProblem(old) ?? passwordProblem(fresh);
  if (problem !== undefined) return userRefusal(problem);
  const check = async (): Promise<{ password: StoredPassword; tokenHash: string } | UserRefused> => {
    const user = await findUser(env.DB, { by: "id", value: id });
    const { isRight } = await passwords.check(user?.password, String(old));
    if (user === undefined || !isRight) return { refused: "MISMATCH" };
    return { password: await passwords.hash(String(fresh)), tokenHash: user.tokenHash };
  };
  const checking = tried(`id ${id}`, caller, check);
  const checked = await awaitCall(checking, "changing a password", PASSWORD_DEADLINE);
  if ("failure" in checked) return checked;
  if ("refused" in checked) return userRefusal(checked);
  const { password, tokenHash } = checked;
  // Of two changes at once, the first has ended the session of the second, and perhaps changed its password.
  const answer = await withNewToken(env, id, (user) =>
    user.tokenHash === tokenHash ? { ...user, password } : { renewed: user },
  );
  return "status" in answer ? answer : userRefusal({ refused: "SESSION_MISSING" });
}

/** Another request gave the user a new session token since. */
interface Renewed {
  renewed: User;
}

async function withNewToken(
  env: Env,
  id: string,
  change: (user: User) => User | Renewed,
): Promise<ApiResponse | Renewed> {
  const sessionToken = newToken();
  const stored = await storedToken(sessionToken, env.MASTER_KEY);
  const editing = accounts.editUser<Renewed>(env, id, Date.now(), (user) => {
    const changed = change(user);
    return "renewed" in changed ? changed : { ...changed, ...stored };
  });
  const user = await awaitCall(editing, "changing a session token");
  if ("renewed" in user) return user;
  return "refused" in user ? userRefusal(user) : { status: 200, body: { ...inShort(user), sessionToken } };
}
