import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { EXIT, pauseAfter, reasonOf } from "../moving/failures.ts";
import type { FileRow } from "../moving/format.ts";
import { Refusal } from "../options.ts";
import { contentPathOf } from "./file-list.ts";
import { hostOf, type Wanted } from "./file-urls.ts";
import type { Job } from "./job.ts";

const ATTEMPTS = 8;
/** Files in a row of one host that did not answer: then the host is gone, and each of its files is tried once. */
const GONE_AFTER = 3;

/** Fetches contents of files. One that cannot be had is told as missing, and stops nothing. */
export class Downloads {
  readonly #job: Job;
  readonly #silent = new Map<string, number>();
  #count = 0;

  constructor(job: Job) {
    this.#job = job;
  }

  async fetch({ url, objectId }: Wanted): Promise<FileRow> {
    const host = hostOf(url);
    const known = { url, ...(objectId !== undefined && { objectId }) };
    for (let failures = 1; ; failures++) {
      const result = await this.#attempt(url);
      if ("path" in result) {
        this.#silent.delete(host);
        return { ...known, ...result };
      }
      const silent = this.#silent.get(host) ?? 0;
      const isLast = failures >= ATTEMPTS || (silent >= GONE_AFTER && !result.isAnswer);
      if (result.isFinal || (isLast && (result.isAnswer || (await this.#isOnline())))) {
        if (!result.isAnswer) this.#silent.set(host, silent + 1);
        return { ...known, missing: result.why };
      }
      await this.#job.source.pause(`a file's host: ${result.why}`, pauseAfter(failures, null, Math.random()));
    }
  }

  /** Throws a `Refusal` if nothing can be reached for long: then the file is not to blame. */
  async #isOnline(): Promise<boolean> {
    const { source } = this.#job;
    for (let [failures, waited] = [1, 0]; !(await source.isReachable()); failures++) {
      const pause = pauseAfter(failures, null, Math.random());
      waited += pause * source.pace.scale;
      if (waited > source.pace.patience) {
        throw new Refusal("The network is gone. The same command goes on where it stopped.", EXIT.gaveUp);
      }
      await source.pause("the network is gone", pause);
    }
    return true;
  }

  async #attempt(
    url: string,
  ): Promise<
    { path: string; bytes: number; sha256: string } | { why: string; isFinal: boolean; isAnswer: boolean }
  > {
    const { folder } = this.#job;
    const draft = folder.workPath(`download-${this.#count++}`);
    try {
      // Without any key: this is another host.
      const response = await fetch(url);
      if (!response.ok || response.body === null) {
        await response.body?.cancel();
        const isFinal = response.status < 500 && response.status !== 429 && response.status !== 408;
        return { why: `status ${response.status}`, isFinal, isAnswer: true };
      }
      const hash = createHash("sha256");
      let bytes = 0;
      const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.byteLength;
          yield chunk;
        }
      };
      await pipeline(response.body, counted, createWriteStream(draft, { mode: 0o600, flush: true }));
      const path = contentPathOf(url);
      await mkdir(dirname(join(folder.path, path)), { recursive: true, mode: 0o700 });
      await rename(draft, join(folder.path, path));
      return { path, bytes, sha256: hash.digest("hex") };
    } catch (error) {
      await rm(draft, { force: true });
      if (isOfDisk(error)) throw error;
      return { why: reasonOf(error), isFinal: false, isAnswer: false };
    }
  }
}

/** Whether this machine cannot write, which is not the file's fault. */
function isOfDisk(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && /^(ENOSPC|EDQUOT|EROFS|EACCES|EIO)$/.test(String(error.code))
  );
}
