import { isObject, type JsonObject } from "../model/json.ts";

/**
 * Whether an ACL lets somebody read. Roles are not known here, so a role reads nothing.
 *
 * @param userId of the caller; undefined for somebody who is not logged in
 */
export function mayRead(acl: JsonObject | undefined, userId: string | undefined): boolean {
  if (acl === undefined) return true;
  return [acl["*"], userId === undefined ? undefined : acl[userId]].some(
    (granted) => isObject(granted) && granted.read === true,
  );
}
