import * as v from "valibot";
import * as example from "../examples.ts";
import * as schema from "../schemas.ts";

/* Schemas of users that several operations share. */

export const id = v.pipe(v.string(), v.maxLength(64), v.examples([example.USER]));
export const one = v.object({ id });

export const row = v.pipe(
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

export const loggedIn = v.pipe(
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
