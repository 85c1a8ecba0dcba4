import { Hono } from "hono";
import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { forEachLimited } from "../../limited-calls.ts";
import { isObject, type Json } from "../../model/json.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import { isObjectId } from "../../protocol/object-id.ts";
import { importInstallation } from "../../push/imported-installation.ts";
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
  const answer = noRows();
  const refuse = (row: number, error: string) => void answer.refused.push({ row, error });
  await forEachLimited([...given], AT_ONCE, async (each, row) => {
    if (!isObject(each)) return refuse(row, NO_OBJECT);
    const read = parsed(installationRow, each);
    if (typeof read === "string") return refuse(row, read);
    const { objectId: id, ...times } = read;
    const { ACL: _, ...content } = each;
    const importing = importInstallation(env.DB, { id, row: content, times }, Date.now());
    const imported = await awaitCall(importing, "importing an installation");
    if (imported.outcome === "refused") refuse(row, imported.why);
    else answer[imported.outcome] += 1;
  });
  return { ...answer, refused: inOrder(answer.refused) };
}
