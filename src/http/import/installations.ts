import { Hono } from "hono";
import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { forEachLimited } from "../../limited-calls.ts";
import { isObject, type Json } from "../../model/json.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import { isObjectId } from "../../protocol/object-id.ts";
import {
  type Imported,
  type ImportedInstallation,
  importInstallation,
  importNewInstallations,
} from "../../push/imported-installation.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import {
  anyTime,
  type ImportAnswer,
  importing,
  inOrder,
  NO_OBJECT,
  noRows,
  parsed,
  readRows,
  rowsUpTo,
} from "./imported-rows.ts";

const ROWS_MAX = 100;
const AT_ONCE = 4;

const installationRow = v.looseObject({
  objectId: v.pipe(v.string("must be an id"), v.check(isObjectId, "must be an id")),
  createdAt: anyTime(),
  updatedAt: anyTime(),
});

const installationShown = {
  objectId: example.IMPORTED_INSTALLATION,
  deviceType: "android",
  installationId: "a9ad9d6f1e4b4c6c8d2e",
  channels: ["news"],
  valid: true,
  createdAt: toIsoTime(example.MESSAGE_AT),
  updatedAt: toIsoTime(example.MESSAGE_AT),
};

/** Imports devices, with the master key. */
export const installationImportRoutes = new Hono<HttpEnv>().post(
  "/admin/import/installations",
  operation({
    ...importing,
    id: "importInstallations",
    summary: "Import installations",
    description:
      "Rows of `_Installation`. A device that is here already, by its id, token or installation id, is changed only if " +
      "the row is newer. Devices that were idle for 90 days are refused: the daily cleanup would remove them.",
  }),
  takes("json", rowsUpTo(ROWS_MAX, installationShown), undefined, "as written"),
  async (context) => context.json(await importInstallations(context.env, context.req.valid("json").results)),
);

async function importInstallations(env: Env, given: readonly Json[]): Promise<ImportAnswer> {
  const { rows, refused } = readRows(given, readInstallation);
  const answer = { ...noRows(), refused };
  const values = rows.map(({ value }) => value);
  const together = await awaitCall(
    importNewInstallations(env.DB, values, Date.now()),
    "importing installations",
  );
  const count = (row: number, imported: Imported) => {
    if (imported.outcome === "refused") refused.push({ row, error: imported.why });
    else answer[imported.outcome] += 1;
  };
  const left: Record<"alone" | "last", typeof rows> = { alone: [], last: [] };
  for (const [at, each] of rows.entries()) {
    const imported = together[at] ?? "alone";
    if (typeof imported === "string") left[imported].push(each);
    else count(each.row, imported);
  }
  const importOne = async ({ row, value }: (typeof rows)[number]) => {
    const importing = importInstallation(env.DB, value, Date.now());
    count(row, await awaitCall(importing, "importing an installation"));
  };
  await forEachLimited(left.alone, AT_ONCE, importOne);
  await forEachLimited(left.last, 1, importOne);
  return { ...answer, refused: inOrder(refused) };
}

function readInstallation(each: Json): ImportedInstallation | string {
  if (!isObject(each)) return NO_OBJECT;
  const read = parsed(installationRow, each);
  if (typeof read === "string") return read;
  const { createdAt, updatedAt, objectId: id } = read;
  const { ACL: _, ...row } = each;
  return { id, row, times: { createdAt, updatedAt } };
}
