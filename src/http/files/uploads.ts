import { type Context, Hono } from "hono";
import { storageOf } from "../../files/storage.ts";
import { frontOf, senderOf } from "../../gateway/address.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { failures, refuse } from "../errors.ts";
import { isWithinRate } from "../request-rate.ts";
import { respond } from "../response.ts";
import { admitsBytes, tooManyFiles } from "./file-limits.ts";
import { noStorage, uploadFile } from "./upload-requests.ts";

const PATH = "/uploads/:token";

const TOKEN = /^[0-9A-Za-z]{40}$/;

/**
 * The bytes of files. The token in the path is the only secret: SDKs send no keys with them. The document of the API has
 * JSON and texts alone, so it names these where it describes `fileTokens`.
 */
export const uploadRoutes = new Hono<HttpEnv>()
  .put(PATH, (context) => take(context, context.req.param("token"), undefined))
  .post(PATH, (context) =>
    take(context, context.req.param("token"), context.req.header("Content-Type") ?? ""),
  );

async function take(context: Context<HttpEnv>, token: string, form: string | undefined): Promise<Response> {
  const { env } = context;
  if (!TOKEN.test(token)) return refuse(context, 404, failures.notFound);
  const storage = storageOf(env);
  if (storage === undefined) return respond(context, noStorage);
  const { headers, body: stream } = context.req.raw;
  const announced = headers.get("Content-Length");
  const length = announced === null ? undefined : Number(announced);
  const { countedAs } = senderOf(headers, frontOf(env));
  if (!isWithinRate(countedAs, 1, Date.now())) return respond(context, tooManyFiles);
  const { maxBytes } = (await settingsOf(env).get()).files;
  const admits = (bytes: number) => admitsBytes(countedAs, bytes, maxBytes);
  const taking = uploadFile({ env, storage, maxBytes }, token, { stream, length, form, admits });
  // A client that goes away ends the request; what it has left behind is removed all the same.
  context.executionCtx.waitUntil(taking.catch(() => {}));
  return respond(context, await taking);
}
