import type { Miniflare } from "miniflare";
import { Refusal } from "./options.ts";

/** Pauses between two attempts, in milliseconds: the first, doubled each time, up to the last. */
const PAUSES = { first: 250, last: 10_000 };
/** Attempts at a first start before the process exits: some 45 s. */
const FIRST_ATTEMPTS = 9;
/**
 * Miniflare learns of its workerd's end at the same time, in no fixed order; after this its own restart is in progress,
 * in ms.
 */
const RESTART_DELAY = 100;

/** The used part of Miniflare. */
export type Runtime = Pick<Miniflare, "ready" | "dispose">;

export interface SupervisorOptions<R extends Runtime> {
  /** Starts a runtime that listens on this port; 0 is any free one. */
  make(port: number): R;
  port: number;
  /** The reason that a failed start cannot succeed later; undefined if it may. */
  isFinal(error: unknown): Refusal | undefined;
  log(line: string): void;
}

/**
 * Keeps a runtime (workerd) running. Miniflare restarts it once, immediately. If that fails, or the first start did,
 * this starts it again on the same port, after growing pauses. Connections are refused meanwhile.
 */
export class Supervisor<R extends Runtime> {
  readonly #options: SupervisorOptions<R>;
  #port: number;
  #runtime: R | undefined;
  #recovery: Promise<void> | undefined;
  /** The number of unexpected ends after it had served. */
  restarts = 0;
  #state: "starting" | "serving" | "stopping" = "starting";

  constructor(options: SupervisorOptions<R>) {
    this.#options = options;
    this.#port = options.port;
  }

  /** The running one; undefined before the first is ready. */
  get runtime(): R | undefined {
    return this.#runtime;
  }

  /** Its URL. Throws a `Refusal` if it cannot serve. */
  async start(): Promise<URL> {
    const url = await this.#startOne(FIRST_ATTEMPTS);
    if (this.#state === "starting") this.#state = "serving";
    return url;
  }

  /** Called when the runtime ended unexpectedly, `by` a signal or with an exit code. */
  ended(by: string): void {
    if (this.#state !== "serving") return;
    this.restarts += 1;
    this.#options.log(`Parley: the runtime (workerd) ended: ${by}. Starting it again.`);
    this.#recovery ??= this.#recover().finally(() => {
      this.#recovery = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#state = "stopping";
    await this.#runtime?.dispose();
  }

  /** The current state: an await may have changed what the type checker assumes. */
  get #isStopping(): boolean {
    return this.#state === "stopping";
  }

  async #recover(): Promise<void> {
    await delay(RESTART_DELAY);
    try {
      await this.#runtime?.ready;
    } catch (error) {
      if (this.#isStopping) return;
      this.#options.log(`Parley: it did not start again: ${errorLine(error)}`);
      await this.#runtime?.dispose().catch(() => {});
      await this.#startOne(Number.POSITIVE_INFINITY);
    }
    if (this.#state === "serving") this.#options.log("Parley is ready again");
  }

  async #startOne(attempts: number): Promise<URL> {
    for (let attempt = 1, pause = PAUSES.first; ; attempt++, pause = Math.min(pause * 2, PAUSES.last)) {
      if (this.#isStopping) return new Promise(() => {});
      const runtime = this.#options.make(this.#port);
      this.#runtime = runtime;
      try {
        const url = await runtime.ready;
        this.#port = Number(url.port);
        return url;
      } catch (error) {
        if (this.#isStopping) return new Promise(() => {});
        await runtime.dispose().catch(() => {});
        // A port that was free before becomes free again when the other process ends.
        const final = this.#state === "starting" ? this.#options.isFinal(error) : undefined;
        if (final !== undefined) throw final;
        if (attempt >= attempts) {
          throw new Refusal(`Not started after ${attempt} attempts: ${errorLine(error)}`, 1);
        }
        this.#options.log(`Parley: not started, next try in ${pause} ms: ${errorLine(error)}`);
        await delay(pause);
      }
    }
  }
}

/** Repeats work that needs a runtime, which may die meanwhile, until it is done; as often as a first start. */
export async function untilDone<T>(
  what: string,
  work: () => Promise<T>,
  isFinal: (error: unknown) => Refusal | undefined,
  log: (line: string) => void,
): Promise<T> {
  for (let attempt = 1, pause = PAUSES.first; ; attempt++, pause = Math.min(pause * 2, PAUSES.last)) {
    try {
      return await work();
    } catch (error) {
      const final = isFinal(error);
      if (final !== undefined) throw final;
      if (attempt >= FIRST_ATTEMPTS) {
        throw new Refusal(`Not started: ${what} failed ${attempt} times: ${errorLine(error)}`, 1);
      }
      log(`Parley: ${what} failed, next try in ${pause} ms: ${errorLine(error)}`);
      await delay(pause);
    }
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** An error in one line. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n").filter(Boolean).join(" ").slice(0, 500);
}
