import { describe, expect, test } from "vitest";
import { isRangeMeant, isUnchanged } from "../../../src/files/conditions.ts";

const version = { etag: '"abc"', modified: Date.UTC(2026, 10, 28, 12, 0, 0, 500) };
const DATE = "Sat, 28 Nov 2026 12:00:00 GMT";
const EARLIER = "Sat, 28 Nov 2026 11:59:59 GMT";

describe("conditions of a request for a file", () => {
  test.each([
    [{}, false],
    [{ "If-None-Match": '"abc"' }, true],
    [{ "If-None-Match": 'W/"abc"' }, true],
    [{ "If-None-Match": '"x", "abc" , "y"' }, true],
    [{ "If-None-Match": "*" }, true],
    [{ "If-None-Match": '"abd"' }, false],
    [{ "If-None-Match": "abc" }, false],
    [{ "If-Modified-Since": DATE }, true],
    [{ "If-Modified-Since": EARLIER }, false],
    [{ "If-Modified-Since": "yesterday" }, false],
    [{ "If-None-Match": '"abd"', "If-Modified-Since": DATE }, false],
  ] as [Record<string, string>, boolean][])("with %j a caller has the file: %s", (headers, expected) => {
    expect(isUnchanged(new Headers(headers), version)).toBe(expected);
  });

  test.each([
    [{}, true],
    [{ "If-Range": '"abc"' }, true],
    [{ "If-Range": 'W/"abc"' }, false],
    [{ "If-Range": '"abd"' }, false],
    [{ "If-Range": DATE }, true],
    [{ "If-Range": EARLIER }, false],
    [{ "If-Range": "nonsense" }, false],
  ] as [Record<string, string>, boolean][])("with %j a range counts: %s", (headers, expected) => {
    expect(isRangeMeant(new Headers(headers), version)).toBe(expected);
  });
});
