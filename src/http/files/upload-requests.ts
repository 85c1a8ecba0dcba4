import type { Context } from "hono";
import type { Env } from "../../bindings.ts";
import { addFile } from "../../database/files/files.ts";
import { forgetUnclaimed } from "../../database/files/unclaimed-objects.ts";
import {
  abandonUpload,
  completeUpload,
  confirmUpload,
  fileByToken,
  startUpload,
} from "../../database/files/uploads.ts";
import { announcedSize, describedFile, isDescriptionRefused } from "../../files/description.ts";
import { fileJson } from "../../files/file-json.ts";
import { newKey, randomText } from "../../files/keys.ts";
import { isTaken } from "../../files/media-type.ts";
import { type FileStorage, storageOf } from "../../files/storage.ts";
import { takeUpload, type UploadBody, type UploadRows } from "../../files/upload.ts";
import { providerFor } from "../../files/upload-way.ts";
import type { JsonObject } from "../../model/json.ts";
import type { ContentOf, StoredFile } from "../../model/stored-file.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { awaitCall } from "../object-call.ts";
import { identify } from "../operation.ts";
import { originOf } from "../own-address.ts";
import { type ApiResponse, type ErrorResponse, invalid } from "../response.ts";
import { deleteObjects } from "./delete-objects.ts";
import { tooManyFiles } from "./file-limits.ts";
import { barrier, baseOf, newFile } from "./file-requests.ts";

/** The way of a file's bytes, from its token to the client's word that it is done. */

/** How long an upload may begin after its token was given, in ms: SDKs begin at once, and repeat for a while. */
const TOKEN_LIFETIME = 15 * 60_000;
const TOKEN_LENGTH = 40;

/** Codes of the storage API. */
const TOO_LARGE = 129;
const TYPE_NOT_TAKEN = 126;
const DUPLICATE_VALUE = 137;

export const noStorage: ErrorResponse = {
  status: 501,
  failure: {
    code: 501,
    error: "This server has no storage for files. Its owner can add an R2 bucket as FILES (docs/files.md).",
  },
};

const NOTHING: UploadBody = { stream: null, length: 0, form: undefined };

/** Announces a file: its row, and the address and the token for its bytes. */
export async function announceFile(context: Context<HttpEnv>, body: JsonObject): Promise<ApiResponse> {
  const { env } = context;
  if (storageOf(env) === undefined) return noStorage;
  const described = describedFile(body, (await identify(context)) === "master");
  if (isDescriptionRefused(described)) return invalid(described.code, described.error);
  const { files: settings } = await settingsOf(env).get();
  // Here too, since the Java SDK tells its app that a refused upload was a success.
  if ((announcedSize(described.metaData) ?? 0) > settings.maxBytes) return tooLarge(settings.maxBytes);
  if (!isTaken(described.mimeType, settings.types))
    return invalid(TYPE_NOT_TAKEN, `mime_type: files of the type ${described.mimeType} are not taken here`);
  const refused = await barrier(context, described);
  if (refused !== undefined) return refused;
  const token = randomText(TOKEN_LENGTH);
  const key = described.key ?? newKey(described);
  const row = await newFile(context, described);
  const tokenExpiresAt = row.createdAt + TOKEN_LIFETIME;
  const file = { ...row, content: { state: "awaiting", key, token, tokenExpiresAt } as const };
  if (!(await awaitCall(addFile(env.DB, file), "adding a file")))
    return invalid(DUPLICATE_VALUE, "key: is that of another file");
  const agents = [context.req.header("X-LC-UA"), context.req.header("User-Agent")];
  const shown = fileJson(file, { base: await baseOf(context), withAcl: false });
  const provider = providerFor(settings.upload, agents);
  const upload = { provider, token, upload_url: `${originOf(context)}/uploads/${token}` };
  return { status: 201, body: { ...shown, ...upload } };
}

function tooLarge(maxBytes: number): ErrorResponse {
  return {
    status: 413,
    failure: { code: TOO_LARGE, error: `The file is too large: at most ${maxBytes} bytes.` },
  };
}

/** The client's word on its upload. Whether bytes came is known better here. */
export async function endUpload(env: Env, token: string, succeeded: boolean): Promise<ApiResponse> {
  if (!succeeded) {
    const objects = await awaitCall(abandonUpload(env.DB, token, Date.now()), "removing a file");
    await deleteObjects(env, objects);
    return { status: 200, body: {} };
  }
  const file = await awaitCall(fileByToken(env.DB, token), "reading a file");
  const storage = storageOf(env);
  // The Java SDK never sends the bytes of an empty file.
  const isEmpty = file?.content.state === "awaiting" && announcedSize(file.metaData) === 0;
  if (isEmpty && storage !== undefined) await takeUpload({ rows: rowsOf(env, token), storage }, NOTHING, 0);
  if (file !== undefined) await awaitCall(confirmUpload(env.DB, token), "confirming a file");
  return { status: 200, body: {} };
}

/** Takes the bytes of a file. */
export async function uploadFile(
  { env, storage, maxBytes }: { env: Env; storage: FileStorage; maxBytes: number },
  token: string,
  body: UploadBody,
): Promise<ApiResponse> {
  const result = await takeUpload({ rows: rowsOf(env, token), storage }, body, maxBytes);
  switch (result.outcome) {
    case "stored":
      return { status: 200, body: { key: result.file.content.key, hash: result.file.id, size: result.size } };
    case "unknown":
      return refusal(404, "There is no upload with this token, or it has ended.");
    case "expired":
      return refusal(403, "The token of this upload has expired.");
    case "used":
      return refusal(409, "The file has its bytes already.");
    case "too large":
      return tooLarge(maxBytes);
    case "too many":
      return tooManyFiles;
    case "not a form":
      return refusal(400, "The body is not a whole multipart form with a part named file.");
    case "interrupted":
      return refusal(503, "The upload ended early; try again.");
  }
}

const refusal = (status: 400 | 403 | 404 | 409 | 503, error: string): ErrorResponse => ({
  status,
  failure: { code: status, error },
});

function rowsOf({ DB }: Env, token: string): UploadRows<StoredFile<ContentOf<"awaiting">>> {
  return {
    start: (object) => awaitCall(startUpload(DB, { token, object, now: Date.now() }), "starting an upload"),
    complete: (object, size) =>
      awaitCall(completeUpload(DB, { token, object, size, now: Date.now() }), "completing an upload"),
    forget: (object) => awaitCall(forgetUnclaimed(DB, [object]), "forgetting an upload"),
  };
}
