import { type Context, Hono } from "hono";
import * as v from "valibot";
import { frontOf, senderOf } from "../../gateway/address.ts";
import { sessionTokenIn } from "../auth.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { identify, operation, takes } from "../operation.ts";
import { type ApiResponse, respond } from "../response.ts";
import * as schema from "../schemas.ts";
import {
  deleteUser,
  logIn,
  readMe,
  readUser,
  refreshSession,
  saveUser,
  signUp,
  type UserCaller,
  updatePassword,
} from "./user-requests.ts";
import { isVerification } from "./verification.ts";

/** Requests that are answered here only where the users live here, signatures for their sessions among them. */
export const isAboutUsers = (path: string): boolean =>
  /^\/1\.1\/(users|login|classes\/_User|rtm\/sign)(\/|$)/.test(path) ||
  path === "/1.2/rtm/clients/sign" ||
  isVerification(path);

/** The paths of users, and of their class. */
const PATHS = [
  { path: "/1.1/users", suffix: "" },
  { path: "/1.1/classes/_User", suffix: "OfClass" },
];

const id = v.pipe(v.string(), v.maxLength(64), v.examples([example.USER]));
const one = v.object({ id });

const row = v.pipe(
  v.objectWithRest(
    {
      objectId: id,
      username: v.string(),
      email: v.optional(v.pipe(v.string(), v.description("For the user and the owner, as all that follow."))),
      mobilePhoneNumber: v.optional(v.string()),
      emailVerified: v.optional(v.boolean()),
      mobilePhoneVerified: v.optional(v.boolean()),
      authData: v.optional(schema.anyObject()),
      createdAt: schema.isoTime(),
      updatedAt: schema.isoTime(),
    },
    v.unknown(),
  ),
  schema.shown({
    objectId: example.USER,
    username: "Tom",
    createdAt: "2023-11-14T22:13:20.000Z",
    updatedAt: "2023-11-14T22:13:20.000Z",
  }),
);

const loggedIn = v.pipe(
  v.objectWithRest({ ...row.pipe[0].entries, sessionToken: v.string() }, v.unknown()),
  schema.shown({
    objectId: example.USER,
    username: "Tom",
    sessionToken: example.USER_TOKEN,
    emailVerified: false,
    mobilePhoneVerified: false,
    createdAt: "2023-11-14T22:13:20.000Z",
    updatedAt: "2023-11-14T22:13:20.000Z",
  }),
);

const renewed = v.pipe(
  v.object({ objectId: id, updatedAt: schema.isoTime(), sessionToken: v.string() }),
  schema.shown({
    objectId: example.USER,
    updatedAt: "2023-11-14T22:13:20.000Z",
    sessionToken: example.USER_TOKEN,
  }),
);

const described = v.pipe(
  schema.anyObject(),
  v.description(
    "`username` and `password`, or `authData`; `email`, `mobilePhoneNumber`, `ACL`, and any of the app's own.",
  ),
  schema.shown({ username: example.NEW_USER, password: "cheese" }),
);

const changes = v.pipe(
  schema.anyObject(),
  v.description("Values, null for none, or operations on them (`__op`)."),
  schema.shown({ nickname: "Tom the cat" }),
);

const named = v.pipe(
  schema.anyObject(),
  v.description("`username`, `email` or `mobilePhoneNumber`, and `password`."),
  schema.shown({ username: "Tom", password: "cheese" }),
);

const flag = () => v.optional(schema.flagText(true));
/** Options of a sign-up and of a save, in a query or as `params` in a batch. */
export const joining = v.looseObject({ failOnNotExist: flag() });
export const saving = v.looseObject({
  fetchWhenSave: flag(),
  new: flag(),
  where: schema.noCondition("saving"),
});
const shownToken = v.looseObject({
  session_token: v.optional(v.pipe(v.string(), v.examples([example.USER_TOKEN]))),
});

const passwords = v.pipe(
  schema.anyObject(),
  v.description("`old_password` and `new_password`."),
  schema.shown({ old_password: "cheese", new_password: "more cheese" }),
);

/** Users: signing up, logging in, and the rows (C-05). Served where `users.where` is `here`. */
export const userRoutes = new Hono<HttpEnv>()
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

for (const { path, suffix } of PATHS) {
  userRoutes
    .post(
      path,
      operation({
        id: `signUp${suffix}`,
        tag: "Users",
        summary: "Sign up",
        description:
          "With `authData` this logs the user in who has that account already, with 200; with `failOnNotExist` it " +
          "creates nobody.",
        access: "app",
        answer: loggedIn,
        status: 201,
      }),
      takes("query", joining),
      takes("json", described, "kept", "as written"),
      async (context) => {
        const { failOnNotExist = false } = context.req.valid("query");
        const how = { failOnNotExist };
        const given = await signUp(context.env, context.req.valid("json"), how, await callerOf(context));
        return answer(context, given);
      },
    )
    .get(
      `${path}/:id`,
      operation({
        id: `getUser${suffix}`,
        tag: "Users",
        summary: "Read a user",
        description:
          "All of the row for the user; the session token, too, for the master key; for others the username and the " +
          "app's own columns, if the ACL lets them.",
        access: "app",
        answer: row,
      }),
      takes("param", one),
      async (context) =>
        respond(context, await readUser(context.env, context.req.valid("param").id, await callerOf(context))),
    )
    .put(
      `${path}/:id`,
      operation({
        id: `updateUser${suffix}`,
        tag: "Users",
        summary: "Change a user",
        description: "With the user's session, or the master key.",
        access: "app",
        answer: v.pipe(
          v.objectWithRest({ objectId: id, updatedAt: schema.isoTime() }, v.unknown()),
          schema.shown({ objectId: example.USER, updatedAt: "2023-11-14T22:13:20.000Z" }),
        ),
      }),
      takes("param", one),
      takes("query", saving),
      takes("json", changes, "kept", "as written"),
      async (context) => {
        const { fetchWhenSave = false, new: fresh = false } = context.req.valid("query");
        const change = {
          id: context.req.valid("param").id,
          changes: context.req.valid("json"),
          full: fetchWhenSave || fresh,
        };
        return respond(context, await saveUser(context.env, change, await callerOf(context)));
      },
    )
    .delete(
      `${path}/:id`,
      operation({
        id: `deleteUser${suffix}`,
        tag: "Users",
        summary: "Delete a user",
        description: "With the user's session, or the master key.",
        access: "app",
        answer: schema.nothing,
      }),
      takes("param", one),
      takes("query", schema.deleting),
      async (context) =>
        respond(
          context,
          await deleteUser(context.env, context.req.valid("param").id, await callerOf(context)),
        ),
    );
}

function answer(context: Context<HttpEnv>, given: ApiResponse): Response {
  if (given.failure === undefined) context.header("Location", `/1.1/users/${given.body.objectId}`);
  return respond(context, given);
}

/** The caller for which a request is about users. */
export async function callerOf(context: Context<HttpEnv>): Promise<UserCaller> {
  const { headers } = context.req.raw;
  return {
    isOwner: (await identify(context)) === "master",
    sessionToken: sessionTokenIn(headers),
    countedAs: senderOf(headers, frontOf(context.env)).countedAs,
  };
}
