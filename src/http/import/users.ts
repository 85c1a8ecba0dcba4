import { Hono } from "hono";
import type { Env } from "../../bindings.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { addressProblem } from "../../outbound/http-client.ts";
import { USERS_IMPORTED_AT_ONCE } from "../../request-bounds.ts";
import { changeSettings } from "../../settings/store.ts";
import {
  type Imported,
  type ImportedUser,
  importNewUsers,
  importUser,
  readImportedUser,
} from "../../users/imported-user.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { type ImportAnswer, importing, inOrder, noRows, readRows, rowsUpTo } from "./imported-rows.ts";

const userShown = {
  objectId: example.IMPORTED_USER,
  username: "Butch",
  password: "tA7BLW+NK0UeARng0693gCaVnljkglCB9snqlpCSUKjx2RgYp8VZZOQt0S5iUtlDrkJXfT3gknS4rRqjYsd/Ug==",
  salt: "h60d8x797d3oa0naxybxxv9bn7xpt2yiowz68mpiwou7gwr2",
  sessionToken: "qmdj8pdidnmyzp0c7yqil91oc",
  createdAt: "2023-11-14T22:13:20.000Z",
  updatedAt: "2023-11-14T22:13:20.000Z",
};

/** Imports users, with the master key. */
export const userImportRoutes = new Hono<HttpEnv>().post(
  "/admin/import/users",
  operation({
    ...importing,
    id: "importUsers",
    summary: "Import users",
    description:
      "Rows of `_User`. Ids, session tokens, and hashes and salts of passwords stay as they are. A user who is there " +
      "already is changed if the row is newer, else kept; one who was deleted here stays deleted (`kept`). Sets `users.where` to `here`, unless it is set.",
  }),
  takes("json", rowsUpTo(USERS_IMPORTED_AT_ONCE, userShown), undefined, "as written"),
  async (context) => context.json(await importUsers(context.env, context.req.valid("json").results)),
);

async function importUsers(env: Env, given: readonly Json[]): Promise<ImportAnswer> {
  const { rows, refused } = readRows(given, readImportedUser);
  const answer = { ...noRows(), refused };
  const together = await awaitCall(
    importNewUsers(
      env,
      rows.map(({ value }) => value),
    ),
    "importing users",
  );
  for (const [at, { row, value }] of rows.entries()) {
    const imported = together[at] ?? (await importAlone(env, value));
    if (imported.outcome === "refused") refused.push({ row, error: imported.why });
    else answer[imported.outcome] += 1;
  }
  if (answer.added > 0) await awaitCall(serveUsersHere(env), "settings");
  return { ...answer, refused: inOrder(refused) };
}

async function importAlone(env: Env, user: ImportedUser): Promise<Imported> {
  const imported = await awaitCall(importUser(env, user), "importing a user");
  await yieldToEventLoop();
  return imported;
}

async function serveUsersHere(env: Env): Promise<void> {
  await changeSettings(
    env,
    ({ users }): JsonObject => (users.where === null ? { users: { where: "here" } } : {}),
    (url, allowPrivate) => addressProblem(env, url, allowPrivate),
  );
}
