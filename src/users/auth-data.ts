import type { Identity } from "../database/users/users.ts";
import { isObject, type Json, type JsonObject } from "../model/json.ts";
import { isWritten } from "../protocol/written-number.ts";
import type { UserRefused } from "./user-errors.ts";

/*
 * `authData`: by platform, the user's id there (`uid`, `openid` or `id`) and what else the app keeps. Several apps of
 * one company share their users by a union id: it has a platform of its own, `_<name>_unionid`. An anonymous user has an
 * `id` and nothing else: it may log in where accounts on other platforms may not, so it must never name one.
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
    const uid = uidOf(platform, data);
    const names = platform === ANONYMOUS ? "an id" : "a uid, openid or id";
    if (uid === undefined || !isUid(uid))
      return { refused: "LINKED_ID_MISSING", detail: `${platform} needs ${names}` };
  }
  return undefined;
}

function uidOf(platform: string, data: Json | undefined): string | undefined {
  if (!isObject(data)) return undefined;
  const names = platform === ANONYMOUS ? ["id"] : ID_FIELDS;
  const given = names.map((name) => (Object.hasOwn(data, name) ? data[name] : undefined));
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
    const uid = uidOf(platform, data);
    const union = unionOf(platform, data);
    const own = uid === undefined ? [] : [{ platform, uid }];
    return union === undefined ? own : [...own, { platform: union.platform, uid: union.uid }];
  });
}

/** `authData` with the union ids of the platforms that are main accounts. */
function withUnionIds(authData: JsonObject): JsonObject {
  const unions = Object.entries(authData).flatMap(([platform, data]) => unionOf(platform, data) ?? []);
  const main = unions.filter(({ isMain }) => isMain);
  return { ...authData, ...Object.fromEntries(main.map(({ platform, uid }) => [platform, { uid }])) };
}

function unionOf(
  ofPlatform: string,
  data: Json | undefined,
): { platform: string; uid: string; isMain: boolean } | undefined {
  if (!isObject(data) || ofPlatform === ANONYMOUS) return undefined;
  const { unionid: uid, platform, main_account: isMain } = data;
  if (typeof uid !== "string" || !isUid(uid)) return undefined;
  if (typeof platform !== "string" || !/^\w{1,48}$/.test(platform)) return undefined;
  return { platform: `_${platform}_unionid`, uid, isMain: isMain === true || isMain === "true" };
}

/**
 * `authData` as it is kept after a change of it: null removes a platform, union ids are added, and whoever has an account
 * on another platform is not anonymous any more.
 */
export function settledAuthData(changed: JsonObject): JsonObject {
  const kept = Object.entries(withUnionIds(changed)).filter(([, data]) => data !== null);
  const isKnown = kept.some(([platform]) => platform !== ANONYMOUS);
  if (isKnown) return Object.fromEntries(kept.filter(([platform]) => platform !== ANONYMOUS));
  return Object.fromEntries(
    kept.map(([platform, data]) => [
      platform,
      isObject(data) && data.id !== undefined ? { id: data.id } : data,
    ]),
  );
}

/** Whether a change of `authData` adds or changes an account on another platform. To remove one is none. */
export function linksPlatforms(before: JsonObject, after: JsonObject): boolean {
  return Object.entries(after).some(([platform, data]) => {
    const known = Object.hasOwn(before, platform) ? before[platform] : undefined;
    return platform !== ANONYMOUS && JSON.stringify(known) !== JSON.stringify(data);
  });
}
