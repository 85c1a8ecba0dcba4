import type { UploadEnd, UploadStart } from "../database/files/uploads.ts";
import { withDeadline } from "../deadline.ts";
import { logOncePerMinute } from "../log-once-per-minute.ts";
import { loggableError } from "../loggable-error.ts";
import type { FileStorage, ObjectWriter } from "./file-storage.ts";
import { FormScanner, MalformedForm } from "./form-scanner.ts";
import { randomText } from "./keys.ts";

/** The time (ms) for an upload: some, and more for each byte, so that a client that sends nothing is not kept for long. */
const TIME_LEAST = 2 * 60_000;
const TIME_MOST = 60 * 60_000;
const SLOWEST = 8; // bytes in a millisecond
/** Bytes of a form beside its file: SDKs send less than a thousand. */
const FORM_BYTES = 1024 * 1024;
/** The deadline (ms) for deleting what is not needed. */
const DISCARD_DEADLINE = 30_000;

/** An upload's bytes, as a request brings them. */
export interface UploadBody {
  /** Null if it is empty. */
  stream: ReadableStream<Uint8Array> | null;
  /** Bytes; undefined if the client does not say. */
  length: number | undefined;
  /** The content type if the bytes are in a form; else they are the body itself. */
  form: string | undefined;
  /** Whether the client may send the bytes that have come, so many more; then they are counted. Without it, any. */
  admits?(bytes: number): boolean;
}

/** What an upload does to the rows; each call has its deadline. */
export interface UploadRows<File> {
  start(object: string): Promise<UploadStart<File>>;
  complete(object: string, size: number): Promise<UploadEnd>;
  /** Forgets an object that was deleted. */
  forget(object: string): Promise<void>;
}

export type UploadResult<File> =
  | { outcome: "stored"; file: File; size: number }
  | { outcome: Exclude<UploadStart<File>["outcome"], "started"> | UploadProblem };

/** `interrupted`: the client went away or was too slow, or the storage failed. */
type UploadProblem = "too large" | "too many" | "not a form" | "interrupted";

/** The client sends more than it may. */
class TooMuch extends Error {
  override name = "TooMuch";
  readonly problem: "too large" | "too many";

  constructor(problem: "too large" | "too many") {
    super(problem);
    this.problem = problem;
  }
}

/**
 * Takes the bytes of a file, without ever holding them whole. Nothing is left of an upload that is refused or ends early.
 * Throws if D1 fails.
 */
export async function takeUpload<File>(
  { rows, storage }: { rows: UploadRows<File>; storage: FileStorage },
  body: UploadBody,
  maxBytes: number,
): Promise<UploadResult<File>> {
  const around = body.form === undefined ? 0 : FORM_BYTES;
  if ((body.length ?? 0) > maxBytes + around) return { outcome: "too large" };
  const object = randomText();
  const started = await rows.start(object);
  if (started.outcome !== "started") return started;
  const kept = await stored(storage, object, { body, maxBytes });
  // If this fails, the object may be the file's or not: the daily cleanup knows.
  if ("size" in kept) {
    const end = await rows.complete(object, kept.size);
    if (end === "stored") return { outcome: end, file: started.file, size: kept.size };
    await discard({ rows, storage }, object);
    return { outcome: end };
  }
  await discard({ rows, storage }, object);
  return { outcome: kept.problem };
}

/** What there is to store, and where. */
interface Task {
  body: UploadBody;
  maxBytes: number;
}

async function stored(
  storage: FileStorage,
  object: string,
  task: Task,
): Promise<{ size: number } | { problem: UploadProblem }> {
  const { stream, length, form } = task.body;
  const signal = AbortSignal.timeout(timeFor(length ?? task.maxBytes));
  try {
    if (stream === null || length === undefined || form !== undefined)
      return { size: await putMeasured(storage.open(object), signal, task) };
    if (task.body.admits === undefined) await storage.put(object, stream, { length, signal });
    else await putMeasured(storage.open(object, length), signal, task);
    return { size: length };
  } catch (error) {
    if (error instanceof TooMuch) return { problem: error.problem };
    if (error instanceof MalformedForm) return { problem: "not a form" };
    logOncePerMinute("upload", `files: an upload ended early: ${loggableError(error)}`, Date.now());
    return { problem: "interrupted" };
  }
}

const timeFor = (bytes: number) => Math.min(TIME_LEAST + bytes / SLOWEST, TIME_MOST);

/** Bytes that are read at once. */
const READ_BYTES = 65_536;

/** Stores bytes that have to be counted as they come, and returns how many they are. */
async function putMeasured(
  writer: ObjectWriter,
  timeout: AbortSignal,
  { body, maxBytes }: Task,
): Promise<number> {
  const reader = body.stream?.getReader({ mode: "byob" });
  const signal = AbortSignal.any([timeout, writer.signal]);
  // A pending read ends with this.
  const end = () => void reader?.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", end);
  try {
    const form = body.form === undefined ? undefined : new FormScanner(body.form);
    let size = 0;
    // One buffer for all: the memory of a new one for each read would be freed only after a hundred megabytes.
    let buffer = new ArrayBuffer(READ_BYTES);
    for (;;) {
      const read = await reader?.read(new Uint8Array(buffer));
      signal.throwIfAborted();
      if (read === undefined || read.done) break;
      if (body.admits?.(read.value.length) === false) throw new TooMuch("too many");
      for (const chunk of form?.read(read.value) ?? [read.value]) {
        size += chunk.length;
        if (size > maxBytes) throw new TooMuch("too large");
        await writer.write(chunk);
      }
      buffer = read.value.buffer;
    }
    form?.end();
    await writer.finish();
    return size;
  } catch (error) {
    end();
    await writer.cancel().catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** Best effort: the daily cleanup finds what is left. */
async function discard(
  { rows, storage }: { rows: Pick<UploadRows<unknown>, "forget">; storage: FileStorage },
  object: string,
): Promise<void> {
  try {
    await withDeadline(storage.delete([object]), DISCARD_DEADLINE, "deleting an upload");
    await rows.forget(object);
  } catch (error) {
    console.warn("files: an upload is left for the daily cleanup:", loggableError(error));
  }
}
