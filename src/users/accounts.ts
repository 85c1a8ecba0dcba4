import {
  findLinkedUsers,
  findUser,
  insertUser,
  replacePasswordHash,
  replaceToken,
  type Taken,
  type UserKey,
  updateUser,
} from "../database/users/users.ts";
import type { Deployment } from "../model/deployment.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { StoredPassword, User } from "../model/user.ts";
import { newObjectId } from "../protocol/object-id.ts";
import { ANONYMOUS, authDataProblem, identitiesIn } from "./auth-data.ts";
import type { Passwords } from "./password.ts";
import { newToken, randomName, storedToken, tokenIn } from "./session-token.ts";
import { untilWritten } from "./until-written.ts";
import { type Author, type ChangeRefused, changeUser, isRefusal } from "./user-changes.ts";
import type { UserErrorName, UserRefused } from "./user-errors.ts";

/** The bindings that users need. */
export type UsersEnv = Pick<Deployment, "DB" | "MASTER_KEY">;

/** A user with the session token to log in with. */
export interface LoggedIn {
  user: User;
  sessionToken: string;
  isNew: boolean;
}

/** Attempts to replace a session token while others do. */
const ATTEMPTS = 8;

const TAKEN: Record<Taken, UserErrorName> = {
  id: "USERNAME_TAKEN",
  username: "USERNAME_TAKEN",
  email: "EMAIL_TAKEN",
  phone: "PHONE_TAKEN",
  "session token": "USERNAME_TAKEN",
  identity: "LINKED_TO_OTHER",
};

/**
 * Logs a user in by a password. One that is there and one that is not cost the same and are refused alike. A hash of
 * LeanCloud's is replaced by a better one.
 */
export async function logIn(
  env: UsersEnv,
  passwords: Passwords,
  key: UserKey,
  password: string,
): Promise<LoggedIn | UserRefused> {
  const user = await findUser(env.DB, key);
  const check = await passwords.check(user?.password, password);
  if (!check.isRight || user?.password === undefined) return { refused: "MISMATCH" };
  const current = await findUser(env.DB, { by: "id", value: user.id });
  // Checking takes a tenth of a second, in which a session may have ended, and the password with it.
  const isEnded = current?.tokenHash !== user.tokenHash;
  if (current === undefined || (isEnded && !isSamePassword(current.password, user.password)))
    return { refused: "MISMATCH" };
  if (check.better !== undefined)
    await replacePasswordHash(env.DB, user.id, { before: user.password, after: check.better });
  return loggedIn(env, current);
}

const isSamePassword = (one: StoredPassword | undefined, other: StoredPassword) =>
  JSON.stringify(one) === JSON.stringify(other);

/** What a sign-up needs beside the description of the user. */
export interface SignUp extends Author {
  /** New users may sign up at all. */
  isOpen: boolean;
  passwords: Passwords;
  /** Counts a sign-up; whether there were too many lately. Called as late as possible. */
  isTooMany(): Promise<boolean>;
  now: number;
}

/** Signs a user up with a username and a password. */
export async function signUp(
  env: UsersEnv,
  described: JsonObject,
  how: SignUp,
): Promise<LoggedIn | ChangeRefused | "too many"> {
  // Before all else: whose name is taken is seen by nobody who may not sign up.
  if (!how.isOpen) return { refused: "SIGN_UP_CLOSED" };
  const changed = changeUser(undefined, described, how);
  if (isRefusal(changed)) return changed;
  const { content, password } = changed;
  if (password === undefined) return { refused: "PASSWORD_MISSING" };
  // Looked up before the password is hashed, which takes a tenth of a second.
  const [byName, byEmail, byPhone] = await Promise.all([
    findUser(env.DB, { by: "username", value: content.username }),
    content.email && findUser(env.DB, { by: "email", value: content.email }),
    content.phone && findUser(env.DB, { by: "phone", value: content.phone }),
  ]);
  if (byName) return { refused: "USERNAME_TAKEN" };
  if (byEmail) return { refused: "EMAIL_TAKEN" };
  if (byPhone) return { refused: "PHONE_TAKEN" };
  if (await how.isTooMany()) return "too many";
  return create(env, content, await how.passwords.hash(password), how.now);
}

async function create(
  env: UsersEnv,
  content: Omit<User, "id" | "createdAt" | "updatedAt" | "password" | "tokenHash" | "sealedToken">,
  password: StoredPassword | undefined,
  now: number,
): Promise<LoggedIn | UserRefused> {
  const sessionToken = newToken();
  const stored = await storedToken(sessionToken, env.MASTER_KEY);
  const user: User = {
    ...content,
    ...stored,
    password,
    id: newObjectId(now),
    createdAt: now,
    updatedAt: now,
  };
  const taken = await insertUser(env.DB, user);
  return taken === undefined ? { user, sessionToken, isNew: true } : { refused: TAKEN[taken.taken] };
}

/**
 * Logs a user in who is known by an account on another platform, or anonymous; or signs them up, with what else the body
 * says. Of two that do so at once with the same account, both log in as the same user.
 */
export async function logInByAuthData(
  env: UsersEnv,
  described: JsonObject,
  how: SignUp & { failOnNotExist: boolean },
): Promise<LoggedIn | ChangeRefused | "too many"> {
  const authData = isObject(described.authData) ? described.authData : {};
  const problem = authDataProblem(authData);
  if (problem !== undefined) return problem;
  if (!how.takesPlatforms && Object.keys(authData).some((platform) => platform !== ANONYMOUS))
    return { refused: "THIRD_PARTY_CLOSED" };
  let isCounted = false;
  let hashed: StoredPassword | undefined;
  return untilWritten(async () => {
    const [user, other] = await findLinkedUsers(env.DB, identitiesIn(authData));
    if (other !== undefined) return { refused: "LINKED_TO_OTHER" };
    if (user !== undefined) {
      const merged = await withAuthData(env, user, authData, how);
      if (merged === undefined) return undefined;
      return isRefusal(merged) ? merged : loggedIn(env, merged);
    }
    if (how.failOnNotExist) return { refused: "NOT_FOUND" };
    if (!how.isOpen) return { refused: "SIGN_UP_CLOSED" };
    const username = described.username ?? randomName();
    const changed = changeUser(undefined, { ...described, username }, how);
    if (isRefusal(changed)) return changed;
    if (!isCounted && (await how.isTooMany())) return "too many";
    isCounted = true;
    const { content, password } = changed;
    if (password !== undefined) hashed ??= await how.passwords.hash(password);
    const created = await create(env, content, hashed, how.now);
    return "refused" in created && created.refused === "LINKED_TO_OTHER" ? undefined : created;
  });
}

/** The user with new data of platforms; undefined if the row was changed meanwhile. */
async function withAuthData(
  env: UsersEnv,
  user: User,
  given: JsonObject,
  how: SignUp,
): Promise<User | ChangeRefused | undefined> {
  const changed = changeUser(user, { authData: given }, how);
  if (isRefusal(changed)) return changed;
  const { authData } = changed.content;
  if (JSON.stringify(authData) === JSON.stringify(user.authData)) return user;
  const after = { ...user, authData, updatedAt: Math.max(how.now, user.updatedAt + 1) };
  const written = await updateUser(env.DB, user, after);
  if (written === undefined) return undefined;
  return written === "done" ? after : { refused: TAKEN[written.taken] };
}

async function loggedIn(env: UsersEnv, user: User): Promise<LoggedIn> {
  return { user, sessionToken: await sessionTokenOf(env, user), isNew: false };
}

/** A user's session token. One that cannot be read, because the master key was changed, is replaced by a new one. */
export async function sessionTokenOf(env: UsersEnv, user: User): Promise<string> {
  let current: User | undefined = user;
  for (let attempt = 0; attempt < ATTEMPTS && current !== undefined; attempt++) {
    const known = await tokenIn(current, env.MASTER_KEY);
    if (known !== undefined) return known;
    const token = newToken();
    const after = await storedToken(token, env.MASTER_KEY);
    if (await replaceToken(env.DB, user.id, { before: current, after })) return token;
    current = await findUser(env.DB, { by: "id", value: user.id });
  }
  throw new Error("users: the session token was replaced by others");
}

/** Changes a user by what `change` makes of the row as it is. Returns the user after it. Throws if D1 fails. */
export async function editUser<Refused extends object>(
  env: UsersEnv,
  id: string,
  now: number,
  change: (user: User) => User | Refused | Promise<User | Refused>,
): Promise<User | Refused | UserRefused> {
  return untilWritten(async () => {
    const before = await findUser(env.DB, { by: "id", value: id });
    if (before === undefined) return { refused: "NOT_FOUND" };
    const changed = await change(before);
    if (!("tokenHash" in changed)) return changed;
    const after = { ...changed, updatedAt: Math.max(now, before.updatedAt + 1) };
    const written = await updateUser(env.DB, before, after);
    if (written === "done") return after;
    return written && { refused: TAKEN[written.taken] };
  });
}
