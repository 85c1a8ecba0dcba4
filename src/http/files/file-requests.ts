import type { Context } from "hono";
import type { Env } from "../../bindings.ts";
import { OWNERS_QUERY_LONGEST } from "../../bounds.ts";
import { addFile, fileById, removeFile } from "../../database/files/files.ts";
import { countFiles, findFiles } from "../../database/files/query.ts";
import { sliceSizeOf } from "../../database/where/owner-query-slices.ts";
import { isQueryRefusal, type QueryRefusal } from "../../database/where/query-refusal.ts";
import { mayRead } from "../../files/access.ts";
import {
  DESCRIPTION_LARGEST,
  describedFile,
  externalUrl,
  type FileDescription,
  isDescriptionRefused,
  isTooLong,
} from "../../files/description.ts";
import { fileJson, type ShownOptions } from "../../files/file-json.ts";
import { keyInUrl } from "../../files/keys.ts";
import { frontOf, senderOf } from "../../gateway/address.ts";
import type { JsonObject } from "../../model/json.ts";
import type { StoredFile } from "../../model/stored-file.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import { newObjectId } from "../../protocol/object-id.ts";
import { settingsOf } from "../../settings/store.ts";
import { usersAt } from "../../settings/user-settings.ts";
import { userOfSession } from "../../users/user-of-session.ts";
import { sessionTokenIn } from "../auth.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_FIELD, INVALID_QUERY } from "../errors.ts";
import { awaitCall } from "../object-call.ts";
import { identify } from "../operation.ts";
import { originOf } from "../own-address.ts";
import { secondsUntil } from "../quota.ts";
import { type ApiResponse, type ErrorResponse, invalid, notThere } from "../response.ts";
import { deleteObjects } from "./delete-objects.ts";
import { admitsFile, tooManyFiles } from "./file-limits.ts";

/** The operations on rows of `_File`. */

/** The storage API's code for an object that is too large. */
const TOO_LONG = 116;
const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const SKIP_MAX = 100_000;

/** The address before the keys of files, without a slash at its end. */
export async function baseOf(context: Context<HttpEnv>): Promise<string> {
  const { url } = (await settingsOf(context.env).get()).files;
  return url === null ? `${originOf(context)}/files` : url.replace(/\/+$/, "");
}

/** Why a caller may not add a file; undefined if it may, and then it is counted. The app's server always may. */
export async function barrier(
  context: Context<HttpEnv>,
  described: FileDescription,
): Promise<ErrorResponse | undefined> {
  if ((await identify(context)) === "master") return undefined;
  if (isTooLong(described))
    return invalid(TOO_LONG, `metaData, ACL and fields: at most ${DESCRIPTION_LARGEST} bytes of JSON`);
  const { usersOnly } = (await settingsOf(context.env).get()).files;
  if (usersOnly && (await userIdOf(context)) === undefined) return notLoggedIn;
  const { countedAs } = senderOf(context.req.raw.headers, frontOf(context.env));
  const isAdmitted = admitsFile(countedAs) && (await secondsUntil(context.env, "files")) === undefined;
  return isAdmitted ? undefined : tooManyFiles;
}

const notLoggedIn: ErrorResponse = {
  status: 403,
  failure: { code: 403, error: "Only users who are logged in may add files." },
};

/** The user who sends a request; undefined for somebody who is not logged in, or whose users are elsewhere. */
async function userIdOf({ req, env }: Context<HttpEnv>): Promise<string | undefined> {
  const token = sessionTokenIn(req.raw.headers);
  if (token === undefined || usersAt((await settingsOf(env).get()).users) !== "here") return undefined;
  return awaitCall(userOfSession(env, token), "finding the user of a session");
}

/** What a new file has of its description. It belongs to the user who is logged in, whatever the client says. */
export async function newFile(
  context: Context<HttpEnv>,
  { name, mimeType, metaData: given, acl, fields }: FileDescription,
): Promise<Omit<StoredFile, "content">> {
  const owner = await userIdOf(context);
  const metaData = owner === undefined ? given : { ...given, owner };
  const now = Date.now();
  return { id: newObjectId(now), name, mimeType, metaData, acl, fields, createdAt: now, updatedAt: now };
}

/** Adds a file whose bytes are elsewhere. */
export async function addExternalFile(context: Context<HttpEnv>, body: JsonObject): Promise<ApiResponse> {
  const described = describedFile(body, false);
  if (isDescriptionRefused(described)) return invalid(described.code, described.error);
  const url = externalUrl(body.url);
  if (url === undefined) {
    const error = "url: must be an http or https URL; bytes of a file are announced by POST /1.1/fileTokens";
    return invalid(INVALID_FIELD, error);
  }
  const refused = await barrier(context, described);
  if (refused !== undefined) return refused;
  const file = { ...(await newFile(context, described)), content: { state: "external", url } as const };
  await awaitCall(addFile(context.env.DB, file), "adding a file");
  const { id, name, mimeType, metaData, createdAt } = file;
  // Java before 6.3 knows of the file only what it is answered, and asks an address elsewhere for the size of a picture
  // unless `metaData` says where the file is from.
  return {
    status: 201,
    body: { objectId: id, createdAt: toIsoTime(createdAt), name, mime_type: mimeType, metaData, url },
  };
}

/** Reads a file. One that awaits its bytes is not there yet, nor is one that the caller may not read. */
export async function readFile(
  context: Context<HttpEnv>,
  id: string,
  withAcl: boolean,
): Promise<ApiResponse> {
  const file = await awaitCall(fileById(context.env.DB, id), "reading a file");
  if (file === undefined || file.content.state === "awaiting") return notThere;
  const isChecked = file.acl !== undefined && (await identify(context)) !== "master";
  if (isChecked && !mayRead(file.acl, await userIdOf(context))) return notThere;
  return { status: 200, body: fileJson(file, { base: await baseOf(context), withAcl }) };
}

export interface FileSearch {
  where?: JsonObject | undefined;
  order?: string | undefined;
  limit?: number | undefined;
  skip?: number | undefined;
  count?: boolean | undefined;
}

/** The matching files, and their number if requested. */
export async function searchFiles(
  env: Pick<Env, "DB" | "SINGLE_MACHINE">,
  { where: given = {}, order, limit = LIMIT_DEFAULT, skip = 0, count = false }: FileSearch,
  shown: ShownOptions,
): Promise<ApiResponse> {
  const where = withKeys(given, shown.base);
  const size = sliceSizeOf(env);
  const counting = count
    ? await awaitCall(countFiles(env.DB, where, size), "counting files", OWNERS_QUERY_LONGEST)
    : 0;
  if (typeof counting !== "number") return unreadable(counting);
  const bounds = {
    limit: limit < 0 ? LIMIT_DEFAULT : Math.min(limit, LIMIT_MAX),
    skip: Math.min(Math.max(skip, 0), SKIP_MAX),
  };
  const query = findFiles(env.DB, { where, order, ...bounds }, size);
  const found = await awaitCall(query, "querying files", OWNERS_QUERY_LONGEST);
  if (isQueryRefusal(found)) return unreadable(found);
  const results = found.map((file) => fileJson(file, shown));
  return { status: 200, body: { results, ...(count && { count: counting }) } };
}

/** URLs of this server's own are made of keys, and stored nowhere. */
function withKeys(where: JsonObject, base: string): JsonObject {
  const { url, ...rest } = where;
  const key = typeof url === "string" ? keyInUrl(base, url) : undefined;
  return key === undefined ? where : { ...rest, key };
}

// The code has a field of its own here.
const unreadable = ({ detail }: QueryRefusal) => invalid(INVALID_QUERY, detail.replace(/^102: /, ""));

/** Removes a file and its bytes. A missing one is ignored. */
export async function deleteFile(context: Context<HttpEnv>, id: string): Promise<ApiResponse> {
  const { env } = context;
  const objects = await awaitCall(removeFile(env.DB, id, Date.now()), "removing a file");
  await deleteObjects(env, objects);
  return { status: 200, body: {} };
}
