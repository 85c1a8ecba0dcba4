import { isDeeperThan } from "../database/json-depth.ts";
import { segmentsOf } from "../database/where/query-table.ts";
import { isObject, type Json, type JsonObject } from "../model/json.ts";
import type { UserContent } from "../model/user.ts";
import { setPath } from "../protocol/field-operations.ts";
import { ANONYMOUS, authDataProblem, linksPlatforms, settledAuthData } from "./auth-data.ts";
import { PASSWORD_LENGTH_MAX } from "./password.ts";
import type { UserRefused } from "./user-errors.ts";

/** Bytes of JSON of everything that an app or a user sets. */
const SIZE_MAX = 65_536;
const COLUMNS_MAX = 300;
const DEPTH_MAX = 30;
const NAME_LENGTH_MAX = 256; // characters of a username, an address, a number

/** Fields that SDKs send back and that only the service sets. */
const SERVICE = new Set([
  "objectId",
  "createdAt",
  "updatedAt",
  "className",
  "sessionToken",
  "salt",
  "smsCode",
]);
/** Only the owner's server knows that an address or a number was verified. */
const OWNERS = new Set(["emailVerified", "mobilePhoneVerified"]);

/** Who makes a change, and what they may. */
export interface Author {
  /** The owner's server. */
  isOwner: boolean;
  /** Accounts on other platforms may be added and changed. */
  takesPlatforms: boolean;
  /** A user of LeanCloud keeps a name that nobody could take here. */
  isImport?: true;
}

/** What a change makes of a user, and the password, if it has a new one. */
export interface ChangedUser {
  content: UserContent;
  password: string | undefined;
}

/** A refusal of a field that is not among the errors of users. */
export interface FieldRefused {
  field: string;
  why: string;
}

export type ChangeRefused = UserRefused | FieldRefused;

const nobody: UserContent = {
  username: "",
  email: undefined,
  phone: undefined,
  emailVerified: undefined,
  phoneVerified: undefined,
  authData: {},
  acl: undefined,
  fields: {},
};

/**
 * Applies changes to a user, or to a new one, as SDKs write them: values by field or path, null to remove, or operations
 * (`Delete`, `Add`, `AddUnique`, `Remove`, `Increment`). `authData` is merged by platform. Fields that only the service
 * sets are ignored, and so are paths into them.
 */
export function changeUser(
  before: UserContent | undefined,
  changes: JsonObject,
  { isOwner, takesPlatforms, isImport }: Author,
): ChangedUser | ChangeRefused {
  const { fields, ...known } = before ?? nobody;
  const tree: JsonObject = structuredClone({ ...fields, ...treeOf(known) });
  let password: string | undefined;
  let isRelinked = false;
  for (const [path, change] of Object.entries(changes)) {
    const [top = ""] = path.split(".", 1);
    if (path.startsWith("_") || SERVICE.has(top) || (OWNERS.has(top) && !isOwner)) continue;
    if (top === "password") {
      if (path !== top) return { field: path, why: "is no path: a password is a text" };
      const problem = passwordProblem(change);
      if (problem !== undefined) return problem;
      password = String(change);
      continue;
    }
    const isMerged = path === "authData" && isObject(change) && change.__op === undefined;
    isRelinked ||= top === "authData";
    const problem = isMerged ? mergeAuthData(tree, change) : apply(tree, path, change);
    if (problem !== undefined) return problem;
  }
  if (isRelinked && isObject(tree.authData)) tree.authData = settledAuthData(tree.authData);
  const content = contentOf(tree);
  if (isRefusal(content)) return content;
  if (!isImport && content.username !== before?.username && /\p{Cc}/u.test(content.username))
    return { refused: "USERNAME_INVALID", detail: "without control characters" };
  if (!takesPlatforms && linksPlatforms(known.authData, content.authData))
    return { refused: "THIRD_PARTY_CLOSED" };
  // What was verified is the address or number before, unless the owner says so with the new one.
  if (before !== undefined && content.email !== before.email && !(isOwner && "emailVerified" in changes))
    content.emailVerified = false;
  if (
    before !== undefined &&
    content.phone !== before.phone &&
    !(isOwner && "mobilePhoneVerified" in changes)
  )
    content.phoneVerified = false;
  // Whoever has a password is not anonymous any more.
  if (before !== undefined && password !== undefined) delete content.authData[ANONYMOUS];
  return { content, password };
}

export const isRefusal = (result: object): result is ChangeRefused => "refused" in result || "why" in result;

/** What is wrong with a password; undefined if nothing is. */
export function passwordProblem(password: Json | undefined): UserRefused | undefined {
  if (password === undefined || password === null || password === "") return { refused: "PASSWORD_MISSING" };
  if (typeof password !== "string" || password.trim() === "") return { refused: "PASSWORD_INVALID" };
  const isTooLong = password.length > PASSWORD_LENGTH_MAX;
  return isTooLong
    ? { refused: "PASSWORD_INVALID", detail: `at most ${PASSWORD_LENGTH_MAX} characters` }
    : undefined;
}

/** Everything but the own columns, by the names of the API, so that paths mean the same everywhere. */
function treeOf(known: Omit<UserContent, "fields">): JsonObject {
  const { username, email, phone, emailVerified, phoneVerified, authData, acl } = known;
  return {
    username,
    ...(email !== undefined && { email }),
    ...(phone !== undefined && { mobilePhoneNumber: phone }),
    ...(emailVerified !== undefined && { emailVerified }),
    ...(phoneVerified !== undefined && { mobilePhoneVerified: phoneVerified }),
    ...(acl !== undefined && { ACL: acl }),
    authData,
  };
}

function mergeAuthData(tree: JsonObject, given: JsonObject): UserRefused | undefined {
  const current = isObject(tree.authData) ? tree.authData : {};
  const set = Object.entries(given).filter(([, data]) => data !== null);
  const problem = authDataProblem(Object.fromEntries(set));
  if (problem !== undefined) return problem;
  tree.authData = { ...current, ...given };
  return undefined;
}

function apply(tree: JsonObject, path: string, change: Json): FieldRefused | undefined {
  const segments = segmentsOf(path);
  const [top = ""] = segments ?? [];
  if (segments === undefined || !/^[A-Za-z]\w*$/.test(top))
    return { field: path, why: "must begin with a letter, and have letters, digits and _ alone" };
  const outcome = setPath(tree, segments, change ?? { __op: "Delete" });
  return typeof outcome === "string" ? { field: path, why: outcome } : undefined;
}

function contentOf(tree: JsonObject): UserContent | ChangeRefused {
  const { username, email, mobilePhoneNumber, emailVerified, mobilePhoneVerified, authData, ACL, ...fields } =
    tree;
  if (username === undefined || username === null || username === "") return { refused: "USERNAME_MISSING" };
  if (!isName(username) || username.trim() === "") return { refused: "USERNAME_INVALID" };
  if (!isNameOrNone(email) || (email && !/^[^\s\p{Cc}@]+@[^\s\p{Cc}@]+$/u.test(email)))
    return { refused: "EMAIL_INVALID" };
  if (!isNameOrNone(mobilePhoneNumber)) return { refused: "PHONE_INVALID" };
  if (mobilePhoneNumber && !/^\+?[\d -]{3,32}$/.test(mobilePhoneNumber)) return { refused: "PHONE_INVALID" };
  if (ACL !== undefined && !isAcl(ACL)) return { refused: "ACL_INVALID" };
  const platforms = authData ?? {};
  if (!isObject(platforms)) return { field: "authData", why: "must be an object" };
  const linked = authDataProblem(platforms);
  if (linked !== undefined) return linked;
  if (Object.keys(fields).length > COLUMNS_MAX) return { field: "fields", why: `at most ${COLUMNS_MAX}` };
  if (isDeeperThan(DEPTH_MAX, tree)) return { field: "fields", why: `at most ${DEPTH_MAX} levels deep` };
  if (new TextEncoder().encode(JSON.stringify(tree)).length > SIZE_MAX)
    return { field: "fields", why: `at most ${SIZE_MAX} bytes` };
  return {
    username,
    email: email || undefined,
    phone: mobilePhoneNumber || undefined,
    emailVerified: typeof emailVerified === "boolean" ? emailVerified : undefined,
    phoneVerified: typeof mobilePhoneVerified === "boolean" ? mobilePhoneVerified : undefined,
    authData: platforms,
    acl: ACL,
    fields,
  };
}

function isName(value: Json): value is string {
  return (
    typeof value === "string" &&
    value.length <= NAME_LENGTH_MAX &&
    value.isWellFormed() &&
    !value.includes("\0")
  );
}

const isNameOrNone = (value: Json | undefined): value is string | null | undefined =>
  value === undefined || value === null || isName(value);

function isAcl(acl: Json): acl is JsonObject {
  return isObject(acl) && Object.values(acl).every((rights) => isObject(rights));
}
