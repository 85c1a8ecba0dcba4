import type { ProviderName } from "../model/provider-name.ts";

export const MINUTE = 60_000; // ms

/** What the owner may be asked over HTTP, by endpoint: a LeanEngine, a webhook, and the hook of services. */
export type HookEndpoint = "engine" | "webhook" | "service";

/** What became of a push to one device; `later` is tried again. */
type PushResult = "sent" | "gone" | "failed" | "later";

export type MessageCount = `messages.${"chat" | "room" | "temporary" | "service" | "transient"}`;

/**
 * What is counted. Messages are those that were accepted: `chat` in conversations of members, from clients or servers,
 * `service` from services. Of sockets, frames and bytes are those of commands and answers, without heartbeats.
 */
export type CountName =
  | MessageCount
  | "deliveries"
  | "connects"
  | "logins"
  | "frames.in"
  | "frames.out"
  | "bytes.in"
  | "bytes.out"
  | "requests"
  | "requests.failed"
  /** Refused commands and logins of clients, by the error's number. */
  | `refusals.${number}`
  | `pushes.${ProviderName}.${PushResult}`
  | `hooks.${HookEndpoint}.${"calls" | "failures" | "ms" | "max_ms" | LatencyBucket}`
  | "events.errors"
  /** What was deleted because it was too old, or idle. */
  | "retention.messages"
  | "retention.conversations";

/** Calls of hooks by how long they took: at most this many milliseconds, and more than the bucket before. */
export type LatencyBucket = "ms_50" | "ms_250" | "ms_1000" | "ms_5000" | "ms_more";

/** Numbers by `CountName`, and gauges beside them: `connections`, `online` and `users`. */
export type Counts = Record<string, number>;

/** Gauges: of several values in a row, the highest counts. */
const GAUGES = ["connections", "online", "users"];
const STORED = ["messages.chat", "messages.room", "messages.temporary", "messages.service"];

/** A time: what was counted in it, and the highest values of a minute of it. */
export interface Span {
  totals: Counts;
  peaks: Counts;
}

export function latencyBucket(milliseconds: number): LatencyBucket {
  if (milliseconds <= 50) return "ms_50";
  if (milliseconds <= 250) return "ms_250";
  if (milliseconds <= 1_000) return "ms_1000";
  return milliseconds <= 5_000 ? "ms_5000" : "ms_more";
}

/** Adds what another isolate counted in the same minute. */
export function addCounts(to: Counts, counts: Counts): void {
  for (const [name, value] of Object.entries(counts)) {
    const before = to[name] ?? 0;
    to[name] = isOfAll(name) ? Math.max(before, value) : before + value;
  }
}

/** Not a part of a sum: the whole, or the longest of several. */
const isOfAll = (name: string) => name === "online" || name === "users" || name.endsWith(".max_ms");

/** A minute that is over, as a span. */
export function spanOf(minute: Counts): Span {
  const totals = { ...minute };
  const peaks: Counts = {};
  for (const gauge of GAUGES) {
    if (minute[gauge] !== undefined) peaks[gauge] = minute[gauge];
    delete totals[gauge];
  }
  const messages = STORED.reduce((sum, name) => sum + (minute[name] ?? 0), 0);
  if (messages > 0) peaks.messages = messages;
  if (minute.requests !== undefined) peaks.requests = minute.requests;
  return { totals, peaks };
}

/** Adds a later or earlier span. */
export function addSpan(to: Span, span: Span): void {
  addCounts(to.totals, span.totals);
  for (const [name, value] of Object.entries(span.peaks))
    to.peaks[name] = Math.max(to.peaks[name] ?? 0, value);
}

export const emptySpan = (): Span => ({ totals: {}, peaks: {} });
