import { Refusal } from "../options.ts";

/** What to do about an answer that is an error. */
export type Verdict = "again" | "again with less" | "day used up" | "wrong key" | "archived" | "refused";

/** The error of an answer's body, as LeanCloud writes it. */
export interface ApiError {
  code: number | undefined;
  error: string | undefined;
}

/** Reads `{code, error}`; both are undefined where a proxy answered. */
export function apiErrorIn(body: unknown): ApiError {
  if (typeof body !== "object" || body === null) return { code: undefined, error: undefined };
  const code = "code" in body && typeof body.code === "number" ? body.code : undefined;
  const error = "error" in body && typeof body.error === "string" ? body.error : undefined;
  return { code, error };
}

/** The meaning of an error (http-api §1.3 and LeanCloud's list of error codes). */
export function verdictOf(status: number, { code }: ApiError): Verdict {
  if (code === 140) return "day used up";
  if (status === 401 || code === 401) return "wrong key";
  // With a body of LeanCloud's, 504 is an app that was put away for want of use; without, a gateway's timeout.
  if (code === 504) return "archived";
  if (code === 124 || status === 504 || status === 524 || status === 413) return "again with less";
  if (status === 408 || status === 429 || code === 429 || status >= 500) return "again";
  return "refused";
}

const PAUSE_FIRST = 1_000; // ms
const PAUSE_MAX = 60_000;
const RETRY_AFTER_MAX = 300_000;

/**
 * How long to wait before another attempt, in milliseconds.
 *
 * @param failures attempts that failed in a row, from 1
 * @param retryAfter the answer's header, in seconds
 * @param random from 0 to 1
 */
export function pauseAfter(failures: number, retryAfter: string | null, random: number): number {
  const asked = Number(retryAfter ?? Number.NaN) * 1000;
  if (asked > 0) return Math.min(asked, RETRY_AFTER_MAX);
  const longest = Math.min(PAUSE_MAX, PAUSE_FIRST * 2 ** (failures - 1));
  return longest * (0.5 + random / 2);
}

const HOUR = 3_600_000; // ms

/**
 * How long to wait until calls may be allowed again, in milliseconds: until a minute after the next full hour. The day
 * ends at 00:00 in Beijing for apps in mainland China; for others it is not documented.
 */
export function pauseForNextDay(now: number): number {
  return HOUR - (now % HOUR) + 60_000;
}

/** The server refuses a request, and would again. */
export class Refused extends Error {
  readonly status: number;
  readonly code: number | undefined;
  /** The message without the path, which may have an id in it: so equal refusals are counted together. */
  readonly reason: string;

  constructor(path: string, status: number, { code, error }: ApiError) {
    const reason = `${status}${code === undefined ? "" : `, code ${code}`}${error === undefined ? "" : `, ${error}`}`;
    super(`${path}: ${reason}`);
    this.reason = reason;
    this.status = status;
    this.code = code;
  }
}

/** The exit codes of the command, besides 0, 1 and 2. */
export const EXIT = { dayUsedUp: 3, gaveUp: 4 } as const;

/** A refusal in the middle: what is there is kept, and the rest may come another time. */
export function stoppedBy(refused: Refused): Refusal {
  const how = "The same command goes on where it stopped, or --without leaves this out.";
  return new Refusal(`The server refuses the rest (${refused.message}). ${how}`, EXIT.gaveUp);
}

export function dayUsedUp(now: number): Refusal {
  const next = new Date(now + ((40 * HOUR - (now % (24 * HOUR))) % (24 * HOUR) || 24 * HOUR));
  const when = `${next.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return new Refusal(
    `The app's calls of this day are used up (a trial has 30,000). The same command goes on where it stopped: run it ` +
      `after ${when}, when the day ends in Beijing; apps outside of mainland China may have to wait for 00:00 UTC. ` +
      "With --wait it goes on by itself.",
    EXIT.dayUsedUp,
  );
}

export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

/** Why a call got no answer: the system's own code where there is one, such as ENOTFOUND. */
export function reasonOf(error: unknown): string {
  if (isTimeout(error)) return "no answer in time";
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause === "object" && cause !== null && "code" in cause) return String(cause.code);
  return error instanceof Error ? error.message : String(error);
}
