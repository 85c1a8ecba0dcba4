import { Hono } from "hono";
import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import type { ImportedList, ImportedRole } from "../../conversation/import/import-permissions.ts";
import { saveRoles } from "../../database/conversations/member-infos.ts";
import type { Json } from "../../model/json.ts";
import type { HttpEnv } from "../env.ts";
import { isRefused } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import {
  anyTime,
  type ImportAnswer,
  importing,
  inOrder,
  noRows,
  parsed,
  readRows,
  rowsUpTo,
} from "./imported-rows.ts";
import { DELETED, forEachConversation, type Group, refuseAll } from "./messages.ts";

const ROWS_MAX = 1_000;

const listed = { conv_id: example.CONVERSATION, client_id: example.READER };

const listRow = v.looseObject({ conv_id: schema.conversationId(), client_id: schema.clientId() });

const roleRow = v.pipe(
  v.looseObject({
    objectId: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
    cid: schema.conversationId(),
    clientId: v.optional(schema.clientId()),
    peerId: v.optional(schema.clientId()),
    role: v.string(),
    createdAt: anyTime(),
    updatedAt: anyTime(),
  }),
  v.check(({ clientId, peerId }) => (clientId ?? peerId) !== undefined, "clientId: is missing"),
);

/** `POST /admin/import/…` for roles, silences and blacklists, with the master key: as other imports. */
export const permissionImportRoutes = new Hono<HttpEnv>()
  .post(
    "/admin/import/member-infos",
    operation({
      ...importing,
      id: "importRoles",
      summary: "Import roles of members",
      description:
        "Rows of `_ConversationMemberInfo`, of conversations that are here. What was changed last wins.",
    }),
    takes(
      "json",
      rowsUpTo(ROWS_MAX, {
        objectId: example.ROLE,
        cid: example.CONVERSATION,
        clientId: example.READER,
        role: "Manager",
        createdAt: "2023-11-14T22:13:20.000Z",
        updatedAt: "2023-11-14T22:13:20.000Z",
      }),
    ),
    async (context) => context.json(await importRoles(context.env, context.req.valid("json").results)),
  )
  .post(
    "/admin/import/silences",
    operation({
      ...importing,
      id: "importSilences",
      summary: "Import silences",
      description:
        "Who is silenced for good, and where. Clients whose silence ended here in the last week are left out.",
    }),
    takes("json", rowsUpTo(ROWS_MAX, listed)),
    async (context) =>
      context.json(await importListed(context.env, "silences", context.req.valid("json").results)),
  )
  .post(
    "/admin/import/blacklists",
    operation({
      ...importing,
      id: "importBlacklists",
      summary: "Import blacklists",
      description:
        "Who is blocked, and where. Members, and clients that were unblocked here in the last week, are left out.",
    }),
    takes("json", rowsUpTo(ROWS_MAX, listed)),
    async (context) =>
      context.json(await importListed(context.env, "blacklist", context.req.valid("json").results)),
  );

async function importRoles(env: Env, given: readonly Json[]): Promise<ImportAnswer> {
  const { rows, refused } = readRows(given, (row) => {
    const read = parsed(roleRow, row);
    if (typeof read === "string") return read;
    const { objectId: infoId, cid: conversationId, clientId, peerId, role, createdAt, updatedAt } = read;
    return { conversationId, infoId, clientId: clientId ?? peerId ?? "", role, createdAt, updatedAt };
  });
  return importInto(env, rows, { ...noRows(), refused }, (group) => ({
    list: "roles",
    rows: group.map(({ value: { conversationId: _, ...row } }): ImportedRole => row),
  }));
}

async function importListed(
  env: Env,
  list: "silences" | "blacklist",
  given: readonly Json[],
): Promise<ImportAnswer> {
  const { rows, refused } = readRows(given, (row) => {
    const read = parsed(listRow, row);
    return typeof read === "string" ? read : { conversationId: read.conv_id, clientId: read.client_id };
  });
  return importInto(env, rows, { ...noRows(), refused }, (group) => ({
    list,
    clientIds: group.map(({ value }) => value.clientId),
  }));
}

async function importInto<Row extends { conversationId: string }>(
  env: Env,
  rows: Group<Row>,
  answer: ImportAnswer,
  listOf: (group: Group<Row>) => ImportedList,
): Promise<ImportAnswer> {
  const { refused } = answer;
  await forEachConversation(env, rows, refused, async (id, group) => {
    const imported = listOf(group);
    const importing = conversationOf(env, id).importPermissions(imported);
    const done = structuredClone(await awaitCall(importing, `import into ${id}`));
    if (isRefused(done)) return void refuseAll(group, DELETED, refused);
    for (const [at, outcome] of done.outcomes.entries()) {
      if (typeof outcome === "string") answer[outcome] += 1;
      else refused.push({ row: group[at]?.row ?? 0, error: outcome.refused });
    }
    if (imported.list === "roles")
      await awaitCall(saveRoles(env.DB, id, done.roles, done.asOf), "saving roles to D1");
  });
  return { ...answer, refused: inOrder(refused) };
}
