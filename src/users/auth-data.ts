import type { Identity } from "../database/users/users.ts";
import { isObject, type Json, type JsonObject } from "../model/json.ts";
import { isWritten } from "../protocol/written-number.ts";
import type { UserRefused } from "./user-errors.ts";

/*
 * `authData`: by platform, the user's id there (`uid`, `openid` or `id`) and what else the app keeps. Several apps of
 * one company share their users by a union id: it has a platform of its own, `_<name>_unionid`.
 */

export const ANONYMOUS = "anonymous";
const UID_LENGTH_MAX = 256; // characters
const PLATFORMS_MAX = 20;
const ID_FIELDS = ["uid", "openid", "id"];

/** What is wrong with `authData`; undefined if nothing is. */
export function authDataProblem(authData: JsonObject): UserRefused | undefined {
  const platforms = Object.entries(authData);
  if (platforms.length > PLATFORMS_MAX)
    return { refused: "LINKED_ID_MISSING", detail: `at most ${PLATFORMS_MAX} platforms` };
  for (const [platform, data] of platforms) {
    if (!/^\w[\w-]{0,63}$/.test(platform))
      return { refused: "LINKED_ID_MISSING", detail: "a platform's name" };
    const uid = uidOf(data);
    if (uid === undefined || !isUid(uid))
      return { refused: "LINKED_ID_MISSING", detail: `${platform} needs a uid, openid or id` };
  }
  return undefined;
}

function uidOf(data: Json | undefined): string | undefined {
  if (!isObject(data)) return undefined;
  const given = ID_FIELDS.map((name) => (Object.hasOwn(data, name) ? data[name] : undefined));
  const [uid] = given.filter((each) => each !== undefined && each !== null);
  if (typeof uid === "string") return uid;
  // The database must read the same text in it.
  const isNumber = typeof uid === "number" || isWritten(uid);
  return isNumber && /^(?:0|[1-9]\d{0,17})$/.test(String(uid)) ? String(uid) : undefined;
}

function isUid(uid: string): boolean {
  return uid !== "" && uid.length <= UID_LENGTH_MAX && uid.isWellFormed() && !uid.includes("\0");
}

/** Whom `authData` names: the user who has any of these identities. */
export function identitiesIn(authData: JsonObject): Identity[] {
  return Object.entries(authData).flatMap(([platform, data]) => {
    const uid = uidOf(data);
    const union = unionOf(data);
    const own = uid === undefined ? [] : [{ platform, uid }];
    return union === undefined ? own : [...own, { platform: union.platform, uid: union.uid }];
  });
}

/** `authData` with the union ids of the platforms that are main accounts. */
export function withUnionIds(authData: JsonObject): JsonObject {
  const unions = Object.values(authData).flatMap((data) => unionOf(data) ?? []);
  const main = unions.filter(({ isMain }) => isMain);
  return { ...authData, ...Object.fromEntries(main.map(({ platform, uid }) => [platform, { uid }])) };
}

function unionOf(data: Json | undefined): { platform: string; uid: string; isMain: boolean } | undefined {
  if (!isObject(data)) return undefined;
  const { unionid: uid, platform, main_account: isMain } = data;
  if (typeof uid !== "string" || !isUid(uid)) return undefined;
  if (typeof platform !== "string" || !/^\w{1,48}$/.test(platform)) return undefined;
  return { platform: `_${platform}_unionid`, uid, isMain: isMain === true || isMain === "true" };
}

/**
 * What a user's `authData` is after new data: platforms are added or replaced, and null removes one. Whoever has an
 * account on another platform is not anonymous any more.
 */
export function mergedAuthData(before: JsonObject, given: JsonObject): JsonObject {
  const merged = withUnionIds({ ...before, ...given });
  const kept = Object.entries(merged).filter(([, data]) => data !== null);
  const isKnown = kept.some(([platform]) => platform !== ANONYMOUS);
  return Object.fromEntries(kept.filter(([platform]) => platform !== ANONYMOUS || !isKnown));
}
