import { Hono } from "hono";
import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { USERS_IMPORTED_AT_ONCE } from "../../bounds.ts";
import type { JsonObject } from "../../model/json.ts";
import { addressProblem } from "../../outbound/http-client.ts";
import { changeSettings } from "../../settings/store.ts";
import { type Imported, importUser } from "../../users/imported-user.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const BODY_MAX = 1024 * 1024; // bytes

const rows = v.object({
  rows: v.pipe(
    v.array(schema.anyObject()),
    v.maxLength(USERS_IMPORTED_AT_ONCE, `must have at most ${USERS_IMPORTED_AT_ONCE} entries`),
    v.description("Rows of `_User` as LeanCloud exports them."),
    schema.shown([
      {
        objectId: example.IMPORTED_USER,
        username: "Butch",
        password: "tA7BLW+NK0UeARng0693gCaVnljkglCB9snqlpCSUKjx2RgYp8VZZOQt0S5iUtlDrkJXfT3gknS4rRqjYsd/Ug==",
        salt: "h60d8x797d3oa0naxybxxv9bn7xpt2yiowz68mpiwou7gwr2",
        sessionToken: "qmdj8pdidnmyzp0c7yqil91oc",
        createdAt: "2023-11-14T22:13:20.000Z",
        updatedAt: "2023-11-14T22:13:20.000Z",
      },
    ]),
  ),
});

const outcomes = v.pipe(
  v.object({
    results: v.array(
      v.object({
        objectId: v.optional(v.string()),
        outcome: v.picklist(["created", "updated", "kept", "refused"]),
        why: v.optional(v.string()),
      }),
    ),
  }),
  schema.shown({ results: [{ objectId: example.IMPORTED_USER, outcome: "created" }] }),
);

/** Imports users, with the master key. */
export const importRoutes = new Hono<HttpEnv>().post(
  "/admin/users/import",
  operation({
    id: "importUsers",
    tag: "Administration",
    summary: "Import users",
    description:
      "Ids, session tokens, and hashes and salts of passwords stay as they are. A user who is there already is changed " +
      "if the row is newer (`updated`), else left alone (`kept`). Sets `users.where` to `here`, unless it is set.",
    access: "master",
    answer: outcomes,
    bodyLimit: BODY_MAX,
  }),
  takes("json", rows, undefined, "as written"),
  async (context) => {
    const { env } = context;
    const results: (Imported & { objectId: unknown })[] = [];
    for (const row of context.req.valid("json").rows) {
      results.push({
        objectId: row.objectId,
        ...(await awaitCall(importUser(env, row), "importing a user")),
      });
      await yieldToEventLoop();
    }
    if (results.some(({ outcome }) => outcome === "created"))
      await awaitCall(serveUsersHere(env), "settings");
    return context.json({ results });
  },
);

async function serveUsersHere(env: Env): Promise<void> {
  await changeSettings(
    env,
    ({ users }): JsonObject => (users.where === null ? { users: { where: "here" } } : {}),
    (url, allowPrivate) => addressProblem(env, url, allowPrivate),
  );
}
