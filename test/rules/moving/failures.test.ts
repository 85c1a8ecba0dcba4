import { describe, expect, test } from "vitest";
import {
  dayUsedUp,
  pauseAfter,
  pauseForNextDay,
  type Verdict,
  verdictOf,
} from "../../../scripts/moving/failures.ts";

/** What an export makes of an answer that is an error. */

const cases: [string, number, number | undefined, Verdict][] = [
  ["too many requests at once", 429, 429, "again"],
  ["too many requests, by a proxy", 429, undefined, "again"],
  ["a server's own error", 500, 1, "again"],
  ["a bad gateway", 502, undefined, "again"],
  ["a server in maintenance", 503, 503, "again"],
  ["a gateway's timeout", 504, undefined, "again with less"],
  ["a query that took too long", 400, 124, "again with less"],
  ["calls of the day used up", 403, 140, "day used up"],
  ["calls of the day used up, as 429", 429, 140, "day used up"],
  ["a wrong key", 401, 401, "wrong key"],
  ["an app that was put away", 504, 504, "archived"],
  ["an app that was put away, as 400", 400, 504, "archived"],
  ["no such class", 404, 101, "refused"],
  ["a forbidden class", 403, 403, "refused"],
  ["a moved server", 301, undefined, "refused"],
];

test.each(cases)("%s (status %i, code %s): %s", (_, status, code, verdict) => {
  expect(verdictOf(status, { code, error: undefined })).toBe(verdict);
});

describe("pauses", () => {
  test("double from failure to failure, up to a minute", () => {
    expect([1, 2, 3, 7, 50].map((failures) => pauseAfter(failures, null, 1))).toEqual([
      1_000, 2_000, 4_000, 60_000, 60_000,
    ]);
    expect(pauseAfter(3, null, 0)).toBe(2_000);
  });

  test("are as long as the server asks for, up to five minutes", () => {
    expect(pauseAfter(1, "30", 0.5)).toBe(30_000);
    expect(pauseAfter(1, "86400", 0.5)).toBe(300_000);
    expect(pauseAfter(1, "Wed, 21 Oct 2026 07:28:00 GMT", 1)).toBe(1_000);
  });

  test("for the next day end a minute after a full hour", () => {
    expect(pauseForNextDay(Date.UTC(2026, 11, 1, 15, 30))).toBe(31 * 60_000);
  });
});

describe("where the day's calls are used up, the command says when the day ends in Beijing", () => {
  test.each([
    ["2026-12-01T15:59:00Z", "2026-12-01 16:00 UTC"],
    ["2026-12-01T16:00:00Z", "2026-12-02 16:00 UTC"],
    ["2026-12-01T23:00:00Z", "2026-12-02 16:00 UTC"],
    ["2026-12-01T03:00:00Z", "2026-12-01 16:00 UTC"],
  ])("at %s: %s", (now, when) => {
    expect(dayUsedUp(Date.parse(now)).message).toContain(when);
  });
});
