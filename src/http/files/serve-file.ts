import type { Env } from "../../bindings.ts";
import { storedFileByKey } from "../../database/files/files.ts";
import { FILE_HEADERS, fileAnswer } from "../../files/file-answer.ts";
import { answerTo, questionIn } from "../../files/file-info.ts";
import { HeaderReader, type ReadPart } from "../../files/header-reader.ts";
import { requestedKey } from "../../files/requested-key.ts";
import { type FileStorage, type Span, storageOf } from "../../files/storage.ts";
import { frontOf, senderOf } from "../../gateway/address.ts";
import type { ContentOf, StoredFile } from "../../model/stored-file.ts";
import { toHex } from "../../protocol/hex.ts";
import { awaitCall } from "../object-call.ts";
import { isWithinRate } from "../request-rate.ts";

/** Why a file is not served. */
export type NotServed = "no such file" | "too many requests";

type Stored = StoredFile<ContentOf<"stored">>;

/**
 * The answer to a GET or HEAD for the file with this key: the file or a part of it, or what SDKs ask about it. Bytes go
 * from the bucket to the caller as fast as the caller reads; a caller who leaves ends the reading. Throws `CallFailed`
 * if D1 or the bucket fails.
 *
 * @param path behind the part that all files have
 */
export async function serveFile(request: Request, env: Env, path: string): Promise<Response | NotServed> {
  const { countedAs } = senderOf(request.headers, frontOf(env));
  if (!isWithinRate(countedAs, 1, Date.now())) return "too many requests";
  const key = requestedKey(path);
  const storage = storageOf(env);
  if (key === undefined || storage === undefined) return "no such file";
  const file = await awaitCall(storedFileByKey(env.DB, key), "a file's row");
  if (file === undefined) return "no such file";
  const question = questionIn(new URL(request.url).searchParams);
  if (question !== undefined) {
    const reader = new HeaderReader(partsOf(file, storage), file.content.size);
    const agent = request.headers.get("User-Agent");
    const answer = await awaitCall(answerTo(question, reader, agent), "a file's header");
    return Response.json(answer, { headers: { ...FILE_HEADERS, Vary: "User-Agent" } });
  }
  const { status, headers, span } = fileAnswer(file, await etagOf(file), request);
  if (span === undefined) return new Response(null, { status, headers });
  const body = await bytesOf(file, storage, span);
  return body === undefined ? "no such file" : new Response(body, { status, headers });
}

async function bytesOf(
  { content }: Stored,
  storage: FileStorage,
  span: Span,
): Promise<ReadableStream | undefined> {
  const isWhole = span.length === content.size;
  const found = await awaitCall(storage.get(content.object, isWhole ? undefined : span), "a file's bytes");
  if (found === undefined) {
    console.error(`the bytes of a file are not in the bucket: ${content.object}`);
    return undefined;
  }
  // A stream that knows its length: else the answer is sent in chunks, and players cannot tell how long it is.
  const { readable, writable } = new FixedLengthStream(span.length);
  // A reader who leaves makes this fail, which is no error of the server.
  found.body.pipeTo(writable).catch(() => {});
  return readable;
}

function partsOf({ content }: Stored, storage: FileStorage): ReadPart {
  return async (offset, length) => {
    const part = await storage.get(content.object, { offset, length });
    return part === undefined
      ? new Uint8Array()
      : new Uint8Array(await new Response(part.body).arrayBuffer());
  };
}

/** By the name of the bytes, which is another for other bytes. */
async function etagOf({ content }: Stored): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(content.object));
  return `"${toHex(new Uint8Array(digest, 0, 16))}"`;
}
