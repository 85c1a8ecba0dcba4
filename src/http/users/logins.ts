import { Hono } from "hono";
import * as v from "valibot";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { operation, takes } from "../operation.ts";
import { respond } from "../response.ts";
import * as schema from "../schemas.ts";
import { callerOf } from "./user-caller.ts";
import { logIn, readMe, refreshSession, updatePassword } from "./user-requests.ts";
import { id, loggedIn, one } from "./user-schemas.ts";

const renewed = v.pipe(
  v.object({ objectId: id, updatedAt: schema.isoTime(), sessionToken: v.string() }),
  schema.shown({
    objectId: example.USER,
    updatedAt: "2023-11-14T22:13:20.000Z",
    sessionToken: example.USER_TOKEN,
  }),
);

const named = v.pipe(
  schema.anyObject(),
  v.description("`username`, `email` or `mobilePhoneNumber`, and `password`."),
  schema.shown({ username: "Tom", password: "cheese" }),
);

const namedInQuery = v.object({
  username: v.optional(v.pipe(v.string(), v.examples(["Tom"]))),
  email: v.optional(v.string()),
  mobilePhoneNumber: v.optional(v.string()),
  password: v.optional(v.pipe(v.string(), v.examples(["cheese"]))),
  smsCode: v.optional(v.string()),
});

const shownToken = v.looseObject({
  session_token: v.optional(v.pipe(v.string(), v.examples([example.USER_TOKEN]))),
});

const passwords = v.pipe(
  schema.anyObject(),
  v.description("`old_password` and `new_password`."),
  schema.shown({ old_password: "cheese", new_password: "more cheese" }),
);

/** Logging in, and what a session allows (C-05). Served where `users.where` is `here`. */
export const loginRoutes = new Hono<HttpEnv>()
  .post(
    "/1.1/login",
    operation({
      id: "logIn",
      tag: "Users",
      summary: "Log in",
      description: "A wrong password and an unknown user are refused alike.",
      access: "app",
      answer: loggedIn,
    }),
    takes("json", named),
    async (context) =>
      respond(context, await logIn(context.env, context.req.valid("json"), await callerOf(context))),
  )
  .get(
    "/1.1/login",
    operation({
      id: "logInByQuery",
      tag: "Users",
      summary: "Log in, in a query",
      description: "As old SDKs do. Addresses are logged on the way: use the other.",
      access: "app",
      answer: loggedIn,
    }),
    takes("query", namedInQuery),
    async (context) =>
      respond(context, await logIn(context.env, context.req.valid("query"), await callerOf(context))),
  )
  .get(
    "/1.1/users/me",
    operation({
      id: "readMe",
      tag: "Users",
      summary: "Read the user of a session token",
      description: "The token is in `X-LC-Session`, or in the query.",
      access: "app",
      answer: loggedIn,
    }),
    takes("query", shownToken),
    async (context) => {
      const { sessionToken } = await callerOf(context);
      return respond(
        context,
        await readMe(context.env, sessionToken ?? context.req.valid("query").session_token),
      );
    },
  )
  .put(
    "/1.1/users/:id/refreshSessionToken",
    operation({
      id: "refreshSessionToken",
      tag: "Users",
      summary: "Make a new session token",
      description: "The one before it is no longer valid.",
      access: "app",
      answer: renewed,
    }),
    takes("param", one),
    takes("json", v.looseObject({})),
    async (context) =>
      respond(
        context,
        await refreshSession(context.env, context.req.valid("param").id, await callerOf(context)),
      ),
  )
  .put(
    "/1.1/users/:id/updatePassword",
    operation({
      id: "updatePassword",
      tag: "Users",
      summary: "Change a password",
      description: "Makes a new session token: other devices log in again.",
      access: "app",
      answer: renewed,
    }),
    takes("param", one),
    takes("json", passwords),
    async (context) =>
      respond(
        context,
        await updatePassword(
          context.env,
          context.req.valid("param").id,
          context.req.valid("json"),
          await callerOf(context),
        ),
      ),
  );
