import { withDeadline } from "../deadline.ts";
import { forEachLimited } from "../limited-calls.ts";
import { loggableError } from "../loggable-error.ts";
import { readText } from "../outbound/http-client.ts";
import { type Outcome, retryOutcome } from "./provider.ts";

/** Cloudflare lets so many connections of one invocation wait for headers; more would queue (November 2026). */
const AT_A_TIME = 6;
/** A provider with so many unanswered calls in a row is down: further calls would only wait as well. */
const UNANSWERED_MAX = 3;
/** No call starts later than this (ms): a slow service must not delay the pushes behind a delivery. */
const TIME_MAX = 60_000;
/** A call without a response after this many milliseconds has failed. */
const DEADLINE = 30_000;

/** Calls a provider; rejects without a response. */
export type ProviderFetch = (url: string, init: RequestInit & { redirect: "manual" }) => Promise<Response>;

export interface ProviderAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * Calls once for every target, a few at a time, and never rejects. Outcomes are in the targets' order. `call` must
 * reject without a response; its target is then retried later. So are all remaining targets after several such calls in
 * a row or after a minute, without a call.
 */
export function eachTarget<Target>(
  targets: readonly Target[],
  call: (target: Target) => Promise<Outcome>,
  now: () => number = Date.now,
): Promise<Outcome[]> {
  return eachCall(targets, call, (_, why) => retryOutcome(why), now);
}

/**
 * The same for calls with results of another kind.
 *
 * @param late the result of a call that was not answered or not made
 */
export async function eachCall<Item, Result>(
  items: readonly Item[],
  call: (item: Item) => Promise<Result>,
  late: (item: Item, why: string) => Result,
  now: () => number = Date.now,
): Promise<Result[]> {
  const results = items.map((item) => late(item, "not tried: the provider does not answer, or not in time"));
  const until = now() + TIME_MAX;
  let unanswered = 0;
  const callOne = async (item: Item, index: number) => {
    if (unanswered >= UNANSWERED_MAX || now() >= until) return;
    try {
      results[index] = await call(item);
      unanswered = 0;
    } catch (error) {
      results[index] = late(item, loggableError(error));
      unanswered += 1;
    }
  };
  await forEachLimited(items, AT_A_TIME, callOne, async () => {});
  return results;
}

/**
 * One call with its whole response, whatever its status. Rejects without a response within 30 s, or with one of more
 * than a million bytes. Nothing of the call is left when this settles.
 */
export async function callProvider(
  fetch: ProviderFetch,
  url: string,
  init: RequestInit,
): Promise<ProviderAnswer> {
  const giveUp = new AbortController();
  const exchange = async (): Promise<ProviderAnswer> => {
    const response = await fetch(url, { ...init, redirect: "manual", signal: giveUp.signal });
    return { status: response.status, headers: response.headers, text: await readText(response) };
  };
  try {
    return await withDeadline(exchange(), DEADLINE, new URL(url).host);
  } finally {
    giveUp.abort();
  }
}

/** The delay (ms) that a provider's `Retry-After` requests: seconds, or an HTTP date. */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const at = value.endsWith("GMT") ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
