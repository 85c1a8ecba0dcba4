import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import {
  type ConsoleSession,
  renewedSession,
  SESSION_IDLE,
  sessionIn,
  tokenOf,
} from "../../console/session-token.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { hostOf, isForeignName, isFromForeignPage } from "../web-page.ts";

/**
 * With this header, a request without keys is made by the console, and its cookie counts. No form and no page of another
 * origin can send it: it is not among the headers that CORS allows.
 */
export const CONSOLE_HEADER = "X-Parley-Console";

const COOKIE = "parley-console";

/** Where the console is on: by the setting, or for people at the machine that `npm start` runs on. */
export async function isConsoleOn({ env, req }: Context<HttpEnv>): Promise<boolean> {
  const isOfThisMachine = env.CONSOLE === "1" && !isForeignName(req.raw) && !isForwarded(req.raw);
  return isOfThisMachine || (await settingsOf(env).get()).console.enabled;
}

/** What programs in front of a server write into a request. */
const FORWARDED = ["Forwarded", "Via", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP"].concat(
  ["For", "Host", "Proto", "Port", "Server"].map((what) => `X-Forwarded-${what}`),
);

/** Whether anything tells that a request came from another machine, through a proxy here. */
function isForwarded({ url, headers }: Request): boolean {
  // Nobody but a proxy has TLS on a single machine.
  return new URL(url).protocol === "https:" || FORWARDED.some((name) => headers.has(name));
}

/** Whether the console's own code sent this: with its header, and from no page of another origin. */
export function isByConsole({ req }: Context<HttpEnv>): boolean {
  const { headers } = req.raw;
  return headers.get(CONSOLE_HEADER) === "1" && isSameOrigin(req.raw);
}

/** Whether nothing says that a page of another origin sent this. Other programs say nothing. */
export function isSameOrigin(request: Request): boolean {
  const site = request.headers.get("Sec-Fetch-Site");
  return (site === null || site === "same-origin") && !isFromForeignPage(request, []);
}

/**
 * The session that a request's cookie proves; undefined without one, and where the console is off. It does not say who
 * made the browser send the request: see `isByConsole`.
 */
export async function consoleSession(context: Context<HttpEnv>): Promise<ConsoleSession | undefined> {
  const { token } = cookieOf(context);
  if (token === undefined || !(await isConsoleOn(context))) return undefined;
  return sessionIn(token, await secretOf(context), Date.now());
}

/** Sends the cookie of a session. */
export async function giveCookie(context: Context<HttpEnv>, session: ConsoleSession): Promise<void> {
  const token = await tokenOf(session, await secretOf(context));
  writeCookie(context, token, SESSION_IDLE / 1_000);
}

/** Takes the cookie back. */
export function takeCookie(context: Context<HttpEnv>): void {
  writeCookie(context, "", 0);
}

/** Renews the cookie of the console's session if it has been used for some minutes. To be called before the answer. */
export async function keepSignedIn(context: Context<HttpEnv>, session: ConsoleSession): Promise<void> {
  const renewed = renewedSession(session, Date.now());
  if (renewed !== undefined) await giveCookie(context, renewed);
}

/**
 * A browser accepts the prefix with TLS alone, and then no other page of the domain can set the cookie. It sends the
 * cookies of a host to all ports, so the name has the port: servers beside each other do not sign each other out.
 */
function cookieOf(context: Context<HttpEnv>) {
  const { protocol } = new URL(context.req.url);
  const isSecure = protocol === "https:";
  const prefix = isSecure ? ("host" as const) : undefined;
  const port = /:(\d+)$/.exec(hostOf(context.req.raw, protocol))?.[1];
  const name = port === undefined ? COOKIE : `${COOKIE}-${port}`;
  return { name, isSecure, prefix, token: getCookie(context, name, prefix) || undefined };
}

function writeCookie(context: Context<HttpEnv>, value: string, maxAge: number): void {
  const { name, isSecure, prefix } = cookieOf(context);
  setCookie(context, name, value, {
    path: "/",
    httpOnly: true,
    sameSite: "Strict",
    secure: isSecure,
    maxAge,
    ...(prefix !== undefined && { prefix }),
  });
}

async function secretOf({ env }: Context<HttpEnv>) {
  const { signOutBefore } = (await settingsOf(env).get()).console;
  return { masterKey: env.MASTER_KEY, appId: env.APP_ID, signOutBefore };
}
