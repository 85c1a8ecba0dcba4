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

type PassingSettings = Pick<Settings, "upstream" | "users">;

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
/** Their parts are looked at first, at the paths that are served for them; any other spelling would pass unread. */
const BATCH = /^batch(?:\/save)?$/i;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Where a request goes that no route serves.
 *
 * @param path without doubled slashes, and with letters, digits and the like not escaped
 */
export function destinationOf(path: string, settings: PassingSettings): Destination {
  const [, written] = API_PATH.exec(path) ?? [];
  if (written === undefined) return { to: "nowhere" };
  const plain = unescaped(written);
  if (CONTROL.test(unescaped(unescaped(plain))))
    return nobody("A path with control characters is not passed on.");
  const strict = destinationOfResource(resolved(plain), settings);
  // What one server reads as one thing, another may read as something that is kept here.
  return strict.to === "upstream" ? destinationOfResource(resolved(lenient(plain)), settings) : strict;
}

/** @param asked the path below the version, in one reading; undefined if it leads out of that */
function destinationOfResource(asked: string | undefined, { upstream, users }: PassingSettings): Destination {
  if (asked === undefined) return { to: "nowhere" };
  const resource = asked.replace(SCAN, "");
  const isSignedThere = usersAt(users) === "upstream" && SIGNING.test(resource);
  const kept = isSignedThere ? undefined : KEPT.find((each) => each.path.test(resource));
  if (kept !== undefined) return nobody(noSuchCall(kept.what));
  const areUsersHere = usersAt(users) === "here";
  if (areUsersHere && USERS.test(resource)) return nobody(noSuchCall("Users"));
  if (BATCH.test(resource))
    return nobody("Batches are taken by POST at /1.1/batch and /1.1/batch/save alone.");
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
  if (isHook(called[1] ?? "")) return nobody("Hooks are not called by clients.");
  return { to: "upstream", base };
}

const SET_URL = "Set upstream.url to pass it on to a server of yours.";
const USERS_ARE_OFF =
  'Users are switched off. Set users.where to "here" to keep users on this server, or upstream.url to pass these requests on.';
const SET_FUNCTIONS_URL = "Set upstream.functionsUrl to pass them on to a server of yours.";

const noSuchCall = (what: string) => `${what} are kept by Parley, which has no such call: see /docs.`;

const nobody = (reason: string): Destination => ({ to: "nobody", reason });

function partOf(resource: string): string {
  return /^classes\//i.test(resource) ? "This class is" : "This is";
}

/** An engine has its hooks beside its functions. Without a hook key it would run them for anybody. */
function isHook(name: string): boolean {
  return name.startsWith("_") || name.includes("/");
}

/** With escapes of ASCII characters resolved, so that what they hide does not pass either. */
const unescaped = (path: string) =>
  path.replace(/%([0-7][\da-f])/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));

/** With backslashes and dots resolved. Undefined if dots lead out of the path. */
function resolved(path: string): string | undefined {
  const segments: string[] = [];
  for (const segment of path.split(/[\\/]+/)) {
    if (segment === "..") {
      if (segments.pop() === undefined) return undefined;
    } else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return segments.join("/");
}

/**
 * A path as a lenient server may read it: escapes twice over; each segment without parameters (`;a=1`), without what an
 * escaped `?` or `#` begins, without an extension, and without spaces and dots around it.
 */
function lenient(path: string): string {
  return unescaped(path)
    .split(/[\\/]+/)
    .map((segment) => {
      const bare = segment.replace(/[;?#].*$/s, "").trim();
      return bare === "." || bare === ".." ? bare : bare.replace(/\.\w+$/, "").replace(/[\s.]+$/, "");
    })
    .join("/");
}
