import { setTimeout as sleep } from "node:timers/promises";
import { Refusal } from "../options.ts";
import type { AppAt } from "./credentials.ts";
import { apiErrorIn, pauseAfter, Refused, reasonOf } from "./failures.ts";
import type { Pace } from "./pace.ts";
import { Reach } from "./reach.ts";

export type Query = Record<string, string | number | undefined>;

export interface ApiOptions {
  pace: Pace;
  /** Hears of each pause of some length, in milliseconds, and of the first one before any answer. */
  onPause(why: string, pause: number): void;
}

/** Pauses of this length are told (ms). */
const TOLD = 5_000;

/**
 * A server's REST API, called with the master key until it answers. What is sent twice must do no harm: an answer may be
 * lost.
 */
export class Api {
  readonly server: string;
  readonly #headers: Record<string, string>;
  readonly #options: ApiOptions;
  readonly #reach: Reach;

  constructor({ server, appId, masterKey }: AppAt, options: ApiOptions) {
    this.server = server;
    this.#reach = new Reach(server);
    this.#headers = { "X-LC-Id": appId, "X-LC-Key": `${masterKey},master` };
    this.#options = options;
  }

  /** Throws `Refused` where the server refuses, and a `Refusal` where it does not answer or takes no such key. */
  async get(path: string, query: Query = {}): Promise<unknown> {
    return (await this.answer(path, query)).value;
  }

  /** The same with the answer's headers. */
  async answer(path: string, query: Query = {}): Promise<{ value: unknown; headers: Headers }> {
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    );
    const search = new URLSearchParams(given).toString();
    return this.#call("GET", search === "" ? path : `${path}?${search}`, undefined, "application/json");
  }

  /** @param body JSON */
  async post(path: string, body: string): Promise<unknown> {
    return (await this.#call("POST", path, body, "application/json")).value;
  }

  async put(path: string, body: Blob): Promise<unknown> {
    return (await this.#call("PUT", path, body, "application/octet-stream")).value;
  }

  async #call(
    method: string,
    path: string,
    body: string | Blob | undefined,
    type: string,
  ): Promise<{ value: unknown; headers: Headers }> {
    const { pace, onPause } = this.#options;
    let waited = 0;
    for (let failures = 1; ; failures++) {
      const start = performance.now();
      const result = await this.#attempt(method, path, body, type);
      if ("value" in result) return result;
      const pause = pauseAfter(failures, result.retryAfter, Math.random());
      waited += pause * pace.scale + performance.now() - start;
      if (waited > this.#reach.patience(pace)) throw this.#reach.gaveUp(result.why);
      const { told, always } = this.#reach.failed(result.why);
      if (always || pause >= TOLD) onPause(told, pause);
      await sleep(pause * pace.scale);
    }
  }

  async #attempt(
    method: string,
    path: string,
    body: string | Blob | undefined,
    type: string,
  ): Promise<{ value: unknown; headers: Headers } | { why: string; retryAfter: string | null }> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.server}${path}`, {
        method,
        headers: { ...this.#headers, "Content-Type": type },
        body,
        // Bytes of a file take as long as they take.
        signal: AbortSignal.timeout(this.#options.pace.deadline * (body instanceof Blob ? 30 : 1)),
        redirect: "manual",
      });
      this.#reach.answered();
      text = await response.text();
    } catch (error) {
      return { why: reasonOf(error), retryAfter: null };
    }
    const value = jsonIn(text);
    const { status, headers } = response;
    if (response.ok)
      return value === undefined ? { why: "half an answer", retryAfter: null } : { value, headers };
    if (status === 401) throw new Refusal(`${this.server} does not take this app id and master key.`, 1);
    if (!isOfTheMoment(status)) throw new Refused(path.split("?")[0] ?? path, status, apiErrorIn(value));
    const why = status === 429 ? "too many requests" : `status ${status}`;
    return { why, retryAfter: headers.get("Retry-After") };
  }
}

/** Whether the same request may be answered later. */
function isOfTheMoment(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
