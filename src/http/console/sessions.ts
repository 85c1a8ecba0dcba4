import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import * as v from "valibot";
import { beginSession, type ConsoleSession } from "../../console/session-token.ts";
import { frontOf, senderOf } from "../../gateway/address.ts";
import { addressLimits } from "../../gateway/limits/address-limits.ts";
import { logOncePerMinute } from "../../log-once-per-minute.ts";
import { SIGN_INS_PER_ADDRESS } from "../../request-bounds.ts";
import { settingsOf } from "../../settings/store.ts";
import { VERSION } from "../../version.ts";
import { API, NAMELESS, recordSignIn } from "../audit/audited.ts";
import { callerOf } from "../auth.ts";
import type { HttpEnv } from "../env.ts";
import { failures, refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { operation, takes, tooManyRequests } from "../operation.ts";
import { isoTime, shown } from "../schemas.ts";
import {
  CONSOLE_HEADER,
  consoleSession,
  giveCookie,
  isByConsole,
  isConsoleOn,
  keepSignedIn,
  takeCookie,
} from "./console-session.ts";

const PATH = "/console/session";
const NAME_MAX = 64; // characters
const KEY_MAX = 1_024; // characters
/** Who the audit log names where nobody gave a name. */
const TAKEN = new RegExp(`^(?:${API}|${NAMELESS})$`, "i");

const wanted = v.pipe(
  v.object({
    master_key: v.pipe(v.string("must be the master key"), v.maxLength(KEY_MAX)),
    name: v.optional(
      v.pipe(
        v.string(),
        v.trim(),
        v.maxLength(NAME_MAX, `must have at most ${NAME_MAX} characters`),
        v.regex(/^[^\p{Cc}\p{Cf}]*$/u, "must have no control characters"),
        v.check((name) => !TAKEN.test(name), "stands for something else in the audit log"),
        v.description("Who you are, for the audit log."),
      ),
      "",
    ),
  }),
  shown({ master_key: example.MASTER_KEY, name: "Tom" }),
);

const session = v.pipe(
  v.object({
    name: v.string(),
    app_id: v.string(),
    began_at: isoTime(),
    expires_at: v.pipe(isoTime(), v.description("When the session ends if it is not used.")),
    version: v.pipe(v.string(), v.description("Of the server.")),
    single_machine: v.pipe(
      v.boolean(),
      v.description("Whether the server runs on one machine, not on Cloudflare."),
    ),
  }),
  shown({
    name: "Tom",
    app_id: "parley-dev",
    began_at: "2023-11-14T22:13:20.000Z",
    expires_at: "2023-11-14T23:13:20.000Z",
    version: VERSION,
    single_machine: true,
  }),
);

const byConsole = {
  name: CONSOLE_HEADER,
  description: "A page of another origin cannot send it.",
  example: "1",
};
const cookie = { name: "Cookie", description: "What signing in gave.", example: "the-cookie" };

/** Refuses what the console's own code did not send, and everything where the console is off. */
const fromTheConsole = createMiddleware<HttpEnv>(async (context, next) => {
  if (!(await isConsoleOn(context))) return refuse(context, 404, failures.notFound);
  if (!isByConsole(context)) {
    const error = `Needs the header ${CONSOLE_HEADER}: 1, and no page of another origin.`;
    return refuse(context, 403, { code: 403, error });
  }
  await next();
});

/** Signing in to the console and out (docs/console.md). */
export const consoleSessionRoutes = new Hono<HttpEnv>()
  .post(
    PATH,
    operation({
      id: "signIn",
      tag: "Administration",
      summary: "Sign in to the console",
      description:
        "Answers with a cookie. With it and the header, and without keys, a request has the rights of the master key.",
      access: "anyone",
      answer: session,
      headers: [byConsole],
    }),
    fromTheConsole,
    takes("json", wanted),
    async (context) => {
      const now = Date.now();
      // Not what a proxy that the owner has not set passes on: each try could come with another one.
      const { address } = senderOf(context.req.raw.headers, frontOf(context.env));
      const most = address === undefined ? SIGN_INS_PER_ADDRESS.unknown : SIGN_INS_PER_ADDRESS.known;
      const from = address ?? "somewhere";
      if (!addressLimits.take(address ?? "unknown", "signIns", 1, most, now)) {
        logOncePerMinute("console sign-ins", `console: too many tries to sign in from ${from}`, now);
        return tooManyRequests(context);
      }
      const { master_key: masterKey, name } = context.req.valid("json");
      if (!(await isMasterKey(masterKey, context))) {
        logOncePerMinute("console refusals", `console: a wrong master key from ${from}`, now);
        return refuse(context, 401, { code: 401, error: "This is not the master key." });
      }
      const { signOutBefore } = (await settingsOf(context.env).get()).console;
      if (signOutBefore !== null && now < Date.parse(signOutBefore)) {
        const error = `The setting console.signOutBefore ends sessions that begin before ${signOutBefore}.`;
        return refuse(context, 403, { code: 403, error });
      }
      const begun = beginSession(name, now);
      await recordSignIn(context, name);
      await giveCookie(context, begun);
      return context.json(factsOf(begun, context));
    },
  )
  .get(
    PATH,
    operation({
      id: "getSession",
      tag: "Administration",
      summary: "See who is signed in to the console",
      description: "401 without a session.",
      access: "anyone",
      answer: session,
      headers: [byConsole, cookie],
    }),
    fromTheConsole,
    async (context) => {
      const current = await consoleSession(context);
      if (current === undefined) return refuse(context, 401, failures.unauthorized);
      await keepSignedIn(context, current);
      return context.json(factsOf(current, context));
    },
  )
  .delete(
    PATH,
    operation({
      id: "signOut",
      tag: "Administration",
      summary: "Sign out of the console",
      description: "In this browser. The setting `console.signOutBefore` signs out everywhere.",
      access: "anyone",
      answer: null,
      headers: [byConsole, cookie],
    }),
    fromTheConsole,
    (context) => {
      takeCookie(context);
      return context.body(null, 204);
    },
  );

async function isMasterKey(masterKey: string, { env }: Context<HttpEnv>): Promise<boolean> {
  const credentials = { appId: env.APP_ID, key: undefined, masterKey, sign: undefined };
  return (await callerOf(credentials, env, async () => false)) === "master";
}

function factsOf({ name, began, expires }: ConsoleSession, { env }: Context<HttpEnv>) {
  return {
    name,
    app_id: env.APP_ID,
    began_at: new Date(began).toISOString(),
    expires_at: new Date(expires).toISOString(),
    version: VERSION,
    single_machine: env.SINGLE_MACHINE === "1",
  };
}
