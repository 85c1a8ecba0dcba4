import { Hono } from "hono";
import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { filesByIds, filesByKeys } from "../../database/files/files.ts";
import { completeContent, type ImportedFile, importFile, startContent } from "../../database/files/import.ts";
import { forgetUnclaimed } from "../../database/files/unclaimed-objects.ts";
import { fileJson } from "../../files/file-json.ts";
import { type FileStorage, storageOf } from "../../files/storage.ts";
import { takeUpload, type UploadBody, type UploadRows } from "../../files/upload.ts";
import { forEachLimited } from "../../limited-calls.ts";
import type { Json } from "../../model/json.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import type { HttpEnv } from "../env.ts";
import { failures, refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { baseOf } from "../files/file-requests.ts";
import { noStorage } from "../files/upload-requests.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { respond } from "../response.ts";
import { readFileRow } from "./file-row.ts";
import { type ImportAnswer, importing, inOrder, noRows, rowsUpTo } from "./imported-rows.ts";

const ROWS_MAX = 200;
/** Ids or keys of one question. */
const NAMES_MAX = 1_000;
const AT_ONCE = 4;

const fileShown = {
  objectId: example.IMPORTED_FILE,
  name: "cheese.png",
  key: example.FILE_KEY,
  url: `https://lc-cheese.cn-n1.lcfile.com/${example.FILE_KEY}`,
  mime_type: "image/png",
  metaData: { size: 12 },
  createdAt: toIsoTime(example.MESSAGE_AT),
  updatedAt: toIsoTime(example.MESSAGE_AT),
};

const names = (shown: string) =>
  v.optional(
    v.pipe(
      v.array(v.string()),
      v.maxLength(NAMES_MAX, `must have at most ${NAMES_MAX} entries`),
      v.examples([[shown]]),
    ),
  );

const asked = v.object({ ids: names(example.IMPORTED_FILE), keys: names(example.FILE_KEY) });

const known = v.object({
  results: v.pipe(
    v.array(v.looseObject({ objectId: v.string(), url: v.string(), key: v.optional(v.string()) })),
    v.examples([[]]),
  ),
});

/** Imports files, with the master key: rows, and then the bytes of each, which the document of the API cannot describe. */
export const fileImportRoutes = new Hono<HttpEnv>()
  .post(
    "/admin/import/files",
    operation({
      ...importing,
      id: "importFiles",
      summary: "Import files",
      description:
        "Rows of `_File`, with the `url` at which the bytes are. They are served from there until they have come here, " +
        "as the body of `PUT /admin/import/files/{objectId}`; from then on from here, under the same `key`.",
    }),
    takes("json", rowsUpTo(ROWS_MAX, fileShown), undefined, "as written"),
    async (context) => context.json(await importFiles(context.env, context.req.valid("json").results)),
  )
  .post(
    "/admin/import/files/known",
    operation({
      id: "findKnownFiles",
      tag: "Administration",
      summary: "Find files by their ids and keys",
      description: "For an import: those of them that are here. One whose bytes are elsewhere has no `key`.",
      access: "master",
      answer: known,
      bodyLimit: 1024 * 1024,
    }),
    takes("json", asked),
    async (context) => {
      const { ids = [], keys = [] } = context.req.valid("json");
      const shown = { base: await baseOf(context), withAcl: false, withOrigin: true };
      const { DB } = context.env;
      const finding = Promise.all([filesByIds(DB, ids), filesByKeys(DB, keys)]);
      const found = await awaitCall(finding, "finding files");
      return context.json({ results: found.flat().map((file) => fileJson(file, shown)) });
    },
  )
  .put("/admin/import/files/:id", async (context) => {
    const storage = storageOf(context.env);
    if (storage === undefined) return respond(context, noStorage);
    const { headers, body: stream } = context.req.raw;
    const announced = headers.get("Content-Length");
    const length = announced === null ? undefined : Number(announced);
    const { env } = context;
    const taking = importContent({ env, storage }, context.req.param("id"), {
      stream,
      length,
      form: undefined,
    });
    // A caller that goes away ends the request; what it has left behind is removed all the same.
    context.executionCtx.waitUntil(taking.catch(() => {}));
    const outcome = await taking;
    if (outcome === "stored" || outcome === "used")
      return context.json({ outcome: outcome === "stored" ? "added" : "kept" });
    if (outcome === "unknown") return refuse(context, 404, failures.notFound);
    return refuse(context, 503, failures.unavailable);
  });

async function importFiles(env: Env, given: readonly Json[]): Promise<ImportAnswer> {
  const answer = noRows();
  await forEachLimited([...given], AT_ONCE, async (each, row) => {
    const file = readFileRow(each);
    if (typeof file === "string") return void answer.refused.push({ row, error: file });
    const outcome = await awaitCall(importFile(env.DB, file), "importing a file");
    if (outcome === "taken") answer.refused.push({ row, error: "key: is that of another file" });
    else answer[outcome] += 1;
  });
  return { ...answer, refused: inOrder(answer.refused) };
}

async function importContent(
  { env, storage }: { env: Env; storage: FileStorage },
  id: string,
  body: UploadBody,
) {
  const rows: UploadRows<ImportedFile> = {
    start: (object) => awaitCall(startContent(env.DB, { id, object, now: Date.now() }), "starting an upload"),
    complete: (object, size) =>
      awaitCall(completeContent(env.DB, { id, object, size }), "completing an upload"),
    forget: (object) => awaitCall(forgetUnclaimed(env.DB, [object]), "forgetting an upload"),
  };
  return (await takeUpload({ rows, storage }, body, Number.MAX_SAFE_INTEGER)).outcome;
}
