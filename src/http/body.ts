import type { Context } from "hono";
import { isObject } from "../model/json.ts";
import { parseJson } from "../protocol/json-text.ts";
import { asWritten } from "../protocol/written-number.ts";
import { credentialsInBody } from "./auth.ts";
import type { BodyRead, BodyRefused, HttpEnv } from "./env.ts";
import { failures } from "./errors.ts";

/** Bytes, unless an operation sets its own limit. */
const LIMIT_DEFAULT = 65_536;

/** The JSON body of a request, read once, whatever its content type: many callers send none or a wrong one. */
export async function readJson(context: Context<HttpEnv>): Promise<BodyRead> {
  const read = context.get("body");
  if (read !== undefined) return read;
  const body = await readAnew(context);
  context.set("body", body);
  return body;
}

async function readAnew(context: Context<HttpEnv>): Promise<BodyRead> {
  const bytes = await readBytes(context);
  if ("failure" in bytes) return bytes;
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === "")
    return { bytes, value: undefined, written: () => undefined, credentials: undefined };
  const parsed = parseJson(text);
  if ("problem" in parsed) {
    const error = `${failures.malformedJson.error.slice(0, -1)}: ${parsed.problem}.`;
    return { status: 400, failure: { ...failures.malformedJson, error } };
  }
  const { value } = parsed;
  const isPlain = /^text\/plain\b/i.test(context.req.header("Content-Type") ?? "");
  if (!isPlain || !isObject(value)) {
    return { bytes, value, written: () => asWritten(text, value), credentials: undefined };
  }
  // Very old browsers put the content of headers here: `_ApplicationId`, not `__type` (http-api §1.2).
  const kept = Object.fromEntries(Object.entries(value).filter(([key]) => !/^_(?!_)/.test(key)));
  return { bytes, value: kept, written: () => kept, credentials: credentialsInBody(value) };
}

/**
 * A request's raw body; 413 if it exceeds the operation's limit. No more than the limit is read, and nothing of a body
 * that announces a larger length.
 */
export async function readBytes(context: Context<HttpEnv>): Promise<Uint8Array | BodyRefused> {
  const limit = context.get("bodyLimit") ?? LIMIT_DEFAULT;
  const { headers, body } = context.req.raw;
  const error = `The body is too large: at most ${limit} bytes.`;
  const tooLarge = { status: 413 as const, failure: { code: 413, error } };
  if (Number(headers.get("Content-Length") ?? 0) > limit) return tooLarge;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.byteLength;
    if (length > limit) return tooLarge;
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
