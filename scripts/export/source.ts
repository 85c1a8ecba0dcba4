import { setTimeout as sleep } from "node:timers/promises";
import {
  apiErrorIn,
  dayUsedUp,
  isTimeout,
  pauseAfter,
  pauseForNextDay,
  Refused,
  reasonOf,
  verdictOf,
} from "../moving/failures.ts";
import { JsonRows } from "../moving/json-rows.ts";
import type { Pace } from "../moving/pace.ts";
import { Reach } from "../moving/reach.ts";
import { Refusal } from "../options.ts";

export type Query = Record<string, string | number | undefined>;

export interface Answer {
  value: unknown;
  /** The rows of the answer, as they were written. */
  rows: string[];
  headers: Headers;
}

export interface SourceOptions {
  /** Such as `https://abcdefgh.lc-cn-n1-shared.com`; empty where an archive is read. */
  server: string;
  appId: string;
  masterKey: string;
  pace: Pace;
  /** Whether it waits for the next day where a trial's calls are used up. */
  waits: boolean;
  /** Hears of each pause of some length, in milliseconds. */
  onPause(why: string, pause: number): void;
}

/** A call that fails with a server's own error as often is refused: the error is not of the moment. */
const OWN_ERRORS_MAX = 8;
/** Pages of this many rows, at most. */
export const PAGE = 1000;
const PAGE_MIN = 10;
/** Pages become larger again with each answer. */
const GROWTH = 0.95;
/** LeanCloud's code for a request that it took too long for. */
const TIMED_OUT = 124;

/** A path that the server answers itself: no server behind it is asked. */
const CHECKED = "/1.1/classes/_Conversation";

/** A failed attempt, which may go better the next time. */
interface Failure {
  why: string;
  retryAfter: string | null;
  withLess: boolean;
  /** The server's own error, with a code, if it was one. */
  own: Refused | undefined;
}

/** A LeanCloud app's REST API, called with the master key until it answers. */
export class Source {
  readonly #options: SourceOptions;
  readonly #headers: Record<string, string>;
  readonly #reach: Reach;
  #calls = 0;
  /** How many times smaller pages are than asked for. */
  #shrunk = 1;

  constructor(options: SourceOptions) {
    this.#options = options;
    this.#reach = new Reach(options.server);
    this.#headers = {
      "X-LC-Id": options.appId,
      "X-LC-Key": `${options.masterKey},master`,
      "Content-Type": "application/json",
    };
  }

  /** Calls so far. */
  get calls(): number {
    return this.#calls;
  }

  get pace(): Pace {
    return this.#options.pace;
  }

  /**
   * Throws `Refused` where the server refuses, and a `Refusal` where the export cannot go on now.
   *
   * @param attempts after so many, a failure counts as refused: for what the export can do without
   */
  get(path: string, query: Query = {}, attempts = Number.POSITIVE_INFINITY): Promise<Answer> {
    return this.#call("GET", path, () => query, { attempts });
  }

  /**
   * Throws a `Refusal` where the server does not take the keys. Other calls may be answered by a server behind it, which
   * takes others.
   */
  async checkKey(): Promise<void> {
    try {
      await this.get(CHECKED, { limit: 1, keys: "objectId" });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  /** A page of rows; a smaller one where a large one takes the server too long. */
  page(path: string, query: Query, limit = PAGE): Promise<Answer> {
    const queryNow = () => ({ ...query, limit: Math.max(PAGE_MIN, Math.floor(limit / this.#shrunk)) });
    return this.#call("GET", path, queryNow);
  }

  post(path: string, body: object): Promise<Answer> {
    return this.#call("POST", path, () => ({}), { body: JSON.stringify(body) });
  }

  /** Whether the server can be reached at all, whatever it answers; without a server, nothing speaks against it. */
  async isReachable(): Promise<boolean> {
    if (this.#options.server === "") return true;
    try {
      await fetch(`${this.#options.server}/1.1/date`, { signal: AbortSignal.timeout(this.pace.deadline) });
      return true;
    } catch {
      return false;
    }
  }

  /** @param always whether it is told even if it is short */
  async pause(why: string, milliseconds: number, always = false): Promise<void> {
    if (always || milliseconds >= 5_000) this.#options.onPause(why, milliseconds);
    await sleep(milliseconds * this.pace.scale);
  }

  async #call(
    method: string,
    path: string,
    queryNow: () => Query,
    { body, attempts = Number.POSITIVE_INFINITY }: { body?: string; attempts?: number } = {},
  ): Promise<Answer> {
    let ownErrors = 0;
    let waited = 0;
    for (let failures = 1; ; failures++) {
      const start = performance.now();
      const result = await this.#attempt(method, path, queryNow(), body);
      if (result === DAY_USED_UP) {
        await this.#waitForNextDay();
        continue;
      }
      if ("headers" in result) {
        this.#shrunk = Math.max(1, this.#shrunk * GROWTH);
        return result;
      }
      if (result.own !== undefined && ++ownErrors >= OWN_ERRORS_MAX) throw result.own;
      if (failures >= attempts) throw new Refused(path, 0, { code: undefined, error: result.why });
      if (result.withLess) this.#shrunk = Math.min(PAGE / PAGE_MIN, this.#shrunk * 4);
      const pause = pauseAfter(failures, result.retryAfter, Math.random());
      waited += pause * this.pace.scale + performance.now() - start;
      if (waited > this.#reach.patience(this.pace)) throw this.#reach.gaveUp(result.why);
      const { told, always } = this.#reach.failed(result.why);
      await this.pause(told, pause, always);
    }
  }

  async #attempt(
    method: string,
    path: string,
    query: Query,
    body: string | undefined,
  ): Promise<Answer | Failure | typeof DAY_USED_UP> {
    const failed = (why: string, more: Partial<Failure> = {}): Failure => {
      return { why, retryAfter: null, withLess: false, own: undefined, ...more };
    };
    this.#calls += 1;
    let response: Response;
    let bytes: Buffer;
    try {
      const signal = AbortSignal.timeout(this.pace.deadline);
      const init = { method, headers: this.#headers, body, signal, redirect: "manual" } as const;
      response = await fetch(urlOf(this.#options.server, path, query), init);
      this.#reach.answered();
      bytes = Buffer.from(await response.arrayBuffer());
    } catch (error) {
      return failed(reasonOf(error), { withLess: isTimeout(error) });
    }
    const value = parsed(bytes);
    if (response.ok) {
      if (value === undefined) return failed("half an answer");
      return { value, rows: new JsonRows().push(bytes), headers: response.headers };
    }
    const error = apiErrorIn(value);
    const verdict = verdictOf(response.status, error);
    const refused = new Refused(path, response.status, error);
    if (verdict === "day used up") return DAY_USED_UP;
    if (verdict === "wrong key") {
      if (path === CHECKED) throw new Refusal("The server does not take this app id and master key.", 1);
      await this.checkKey();
      throw refused;
    }
    if (verdict === "archived") {
      throw new Refusal(
        `The app is archived: wake it in LeanCloud's console, then go on. (${error.error})`,
        1,
      );
    }
    if (verdict === "refused") throw refused;
    const isOwn = error.code !== undefined && (response.status === 500 || error.code === TIMED_OUT);
    const own = isOwn ? refused : undefined;
    const retryAfter = response.headers.get("Retry-After");
    const why = response.status === 429 ? "too many requests" : `status ${response.status}`;
    return failed(why, { retryAfter, withLess: verdict === "again with less", own });
  }

  async #waitForNextDay(): Promise<void> {
    if (!this.#options.waits) throw dayUsedUp(Date.now());
    await this.pause("the app's calls of this day are used up", pauseForNextDay(Date.now()));
  }
}

const DAY_USED_UP = "day used up";

function urlOf(server: string, path: string, query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const search = new URLSearchParams(given).toString();
  return search === "" ? `${server}${path}` : `${server}${path}?${search}`;
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
