import { type Context, Hono } from "hono";
import * as v from "valibot";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { operation, takes } from "../operation.ts";
import { type ApiResponse, respond } from "../response.ts";
import * as schema from "../schemas.ts";
import { callerOf } from "./user-caller.ts";
import { deleteUser, readUser, saveUser, signUp } from "./user-requests.ts";
import { id, loggedIn, one, row } from "./user-schemas.ts";
import { searchUsers } from "./user-search.ts";
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

const flag = () => v.optional(schema.flagText(true));
/** Options of a sign-up and of a save, in a query or as `params` in a batch. */
export const joining = v.looseObject({ failOnNotExist: flag() });
export const saving = v.looseObject({
  fetchWhenSave: flag(),
  new: flag(),
  where: schema.noCondition("saving"),
});
/** Options of a query, in a query string or a batch. */
export const finding = v.looseObject({
  where: v.optional(
    v.pipe(
      schema.objectText(),
      v.description("One field with a text, or with `$in` and a list. JSON."),
      schema.shown(`{"objectId":{"$in":["${example.USER}"]}}`),
    ),
  ),
  limit: v.optional(v.pipe(schema.numberText(), v.description("0 to 100; 100 without."))),
  skip: v.optional(schema.numberText(0)),
  count: v.optional(schema.flagText(true)),
});

const found = v.object({
  results: v.array(row),
  count: v.optional(v.pipe(v.number(), v.integer(), v.examples([1]))),
});

/** The rows of users (C-05). Served where `users.where` is `here`. */
export const userRoutes = new Hono<HttpEnv>();

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
      path,
      operation({
        id: `findUsers${suffix}`,
        tag: "Users",
        summary: "Find users",
        description:
          "With the app key by `objectId` alone. With the master key also by `username`, `email` or " +
          "`mobilePhoneNumber`, or all, in the order of their ids. 100 at once.",
        access: "app",
        answer: found,
      }),
      takes("query", finding),
      async (context) =>
        respond(context, await searchUsers(context.env, context.req.valid("query"), await callerOf(context))),
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
