import type { Settings } from "../settings/schema.ts";
import { usersAt } from "../settings/user-settings.ts";

/**
 * What becomes of a request that no route serves: it is passed on to an address, or refused, because it is about
 * something that is kept here, or because no upstream is set.
 */
export type Destination =
  | { to: "upstream"; base: string }
  | { to: "nobody"; reason: string }
  /** The path is not one of the API's. */
  | { to: "nowhere" };

/** `/1.1/…`. Old builds send `/1/…` too; version 1.2 is messaging's alone. */
const API_PATH = /^\/1(?:\.\d)?\/(.+)$/;

/** What is kept here: if the upstream had another copy of it, clients would write to both. */
const KEPT = [
  { path: /^rtm(?:\/|$)/i, what: "Conversations and messages" },
  { path: /^classes\/_conversation(?:\/|$)/i, what: "Conversations" },
  { path: /^(?:installations|classes\/_installation)(?:\/|$)/i, what: "Installations" },
  { path: /^push(?:\/|$)/i, what: "Notifications" },
  { path: /^(?:files|filetokens|filecallback|classes\/(?:_file|files))(?:\/|$)/i, what: "Files" },
  { path: /^classes\/_conversationmemberinfo(?:\/|$)/i, what: "Member roles" },
  // It names its classes in the body, and without any it is about all of them.
  { path: /^exportdata(?:\/|$)/i, what: "Conversations, devices and files" },
];

/** Before `classes/…`: all rows of a class, which are kept where the class is. */
const SCAN = /^scan\/(?=classes\/)/i;

/** The same, where the users are here. */
const USERS =
  /^(?:users|login|classes\/_user|usersbymobilephone|request(?:password|email|mobile|login|change)|verifymobilephone|resetpassword|changephone)/i;

/** Signatures for sessions, which whoever keeps the users gives. */
const SIGNING = /^rtm\/(?:sign|clients\/sign)$/;

const FUNCTION = /^(?:functions|call)(?:\/(.*))?$/is;
const LIVE_QUERY = /^livequery(?:\/|$)/i;

/**
 * Where a request goes that no route serves.
 *
 * @param path without doubled slashes, and with letters, digits and the like not escaped
 */
export function destinationOf(
  path: string,
  { upstream, users }: Pick<Settings, "upstream" | "users">,
): Destination {
  const [, written] = API_PATH.exec(path) ?? [];
  if (written === undefined) return { to: "nowhere" };
  const asked = resolved(written);
  if (asked === undefined) return { to: "nowhere" };
  const resource = asked.replace(SCAN, "");
  const isSignedThere = usersAt(users) === "upstream" && SIGNING.test(resource);
  const kept = isSignedThere ? undefined : KEPT.find((each) => each.path.test(resource));
  if (kept !== undefined) return nobody(`${kept.what}: Parley keeps them and does not serve this.`);
  const areUsersHere = usersAt(users) === "here";
  if (areUsersHere && USERS.test(resource))
    return nobody("Users: Parley keeps them and does not serve this.");
  if (LIVE_QUERY.test(resource))
    return nobody("LiveQuery is not served by Parley: its events could not come over Parley's socket.");
  const called = FUNCTION.exec(resource);
  if (called === null) {
    if (upstream.url === null) {
      if (USERS.test(resource)) return nobody(USERS_ARE_OFF);
      return nobody(`${partOf(resource)} not served by Parley. ${SET_URL}`);
    }
    return { to: "upstream", base: upstream.url };
  }
  const base = upstream.functionsUrl ?? upstream.url;
  if (base === null) return nobody(`Cloud functions are not served by Parley. ${SET_FUNCTIONS_URL}`);
  return isHook(called[1] ?? "") ? nobody("Hooks are not called by clients.") : { to: "upstream", base };
}

const SET_URL = "Set upstream.url to pass it on to a server of yours.";
const USERS_ARE_OFF =
  'Users are switched off. Set users.where to "here" to keep users on this server, or upstream.url to pass these requests on.';
const SET_FUNCTIONS_URL = "Set upstream.functionsUrl to pass them on to a server of yours.";

const nobody = (reason: string): Destination => ({ to: "nobody", reason });

function partOf(resource: string): string {
  return /^classes\//i.test(resource) ? "This class is" : "This is";
}

/** An engine has its hooks beside its functions. Without a hook key it would run them for anybody. */
function isHook(name: string): boolean {
  return name.startsWith("_") || name.includes("/");
}

/**
 * A path as an upstream may read it, so that what escapes hide does not pass either: with escapes of ASCII characters,
 * backslashes and dots resolved. Undefined if dots lead out of it.
 */
function resolved(path: string): string | undefined {
  const plain = path.replace(/%([0-7][\da-f])/gi, (_, code) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  const segments: string[] = [];
  for (const segment of plain.split(/[\\/]+/)) {
    if (segment === "..") {
      if (segments.pop() === undefined) return undefined;
    } else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return segments.join("/");
}
