import { isObject, type JsonObject } from "../model/json.ts";
import type { User } from "../model/user.ts";
import { toIsoTime } from "../protocol/encode.ts";

/** A user in the HTTP API's form, as the user and the owner see it: all but the password. */
export function ownUserJson(user: User, sessionToken?: string): JsonObject {
  const { email, phone, emailVerified, phoneVerified, authData } = user;
  return {
    ...publicUserJson(user),
    ...(email !== undefined && { email }),
    ...(phone !== undefined && { mobilePhoneNumber: phone }),
    emailVerified: emailVerified ?? false,
    mobilePhoneVerified: phoneVerified ?? false,
    ...(Object.keys(authData).length > 0 && { authData }),
    ...(sessionToken !== undefined && { sessionToken }),
  };
}

/** The same as others see it: the username and the app's own columns. */
export function publicUserJson({ id, username, fields, createdAt, updatedAt }: User): JsonObject {
  return {
    ...fields,
    objectId: id,
    username,
    createdAt: toIsoTime(createdAt),
    updatedAt: toIsoTime(updatedAt),
  };
}

/** Whether others may see a user at all, by its ACL. There are no roles here: rights of roles count for nobody. */
export function isVisibleTo({ acl }: User, readerId: string | undefined): boolean {
  if (acl === undefined) return true;
  const names = readerId === undefined ? ["*"] : ["*", readerId];
  return names.some((name) => {
    const rights = Object.hasOwn(acl, name) ? acl[name] : undefined;
    return isObject(rights) && rights.read === true;
  });
}
