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
];

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
  const resource = resolved(written);
  if (resource === undefined) return { to: "nowhere" };
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
      if (USERS.test(resource)) return nobody(`Users are not here. ${SET_WHERE}`);
      return nobody(`${partOf(resource)} not served by Parley. ${SET_URL}`);
    }
    return { to: "upstream", base: upstream.url };
  }
  const base = upstream.functionsUrl ?? upstream.url;
  if (base === null) return nobody(`Cloud functions are not served by Parley. ${SET_FUNCTIONS_URL}`);
  return isHook(called[1] ?? "") ? nobody("Hooks are not called by clients.") : { to: "upstream", base };
}

const SET_URL = "The setting upstream.url names the server that it is passed on to.";
const SET_WHERE =
  "The setting users.where is here for users of this server; upstream.url names the server that requests are passed on to.";
const SET_FUNCTIONS_URL = "The setting upstream.functionsUrl names the server that they are passed on to.";

const nobody = (reason: string): Destination => ({ to: "nobody", reason });

function partOf(resource: string): string {
  return resource.startsWith("classes")
    ? "Classes other than _Conversation and _Installation are"
    : "This is";
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
