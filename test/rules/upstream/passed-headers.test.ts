import { expect, test } from "vitest";
import { headersToClient, headersToUpstream } from "../../../src/upstream/passed-headers.ts";

const jerry = { address: "203.0.113.7", isSecure: true };
const names = (headers: Headers) => [...headers.keys()].toSorted();

test("a request keeps the app's headers and loses those of its connection, also if Connection names them", () => {
  const given = new Headers({
    Connection: "keep-alive, X-Mine ,x-other",
    "X-Mine": "1",
    "X-Other": "2",
    Upgrade: "h2c",
    "Transfer-Encoding": "chunked",
    "Content-Length": "1",
    "X-LC-Sign": "a,b",
    "Content-Type": "application/json",
  });
  expect(names(headersToUpstream(given, jerry))).toEqual([
    "content-type",
    "parley-passed",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-lc-sign",
    "x-real-ip",
  ]);
});

test("a request tells the address that is known, and never one that the client wrote", () => {
  const given = new Headers({
    "X-Forwarded-For": "6.6.6.6",
    "X-Real-IP": "6.6.6.6",
    "CF-Connecting-IP": "6.6.6.6",
  });
  const known = headersToUpstream(given, jerry);
  expect([known.get("x-forwarded-for"), known.get("x-real-ip")]).toEqual(["203.0.113.7", "203.0.113.7"]);
  expect(names(headersToUpstream(given, { address: undefined, isSecure: false }))).toEqual([
    "parley-passed",
    "x-forwarded-proto",
  ]);
});

test("Connection cannot take the mark away by which a loop is seen", () => {
  const given = new Headers({ Connection: "parley-passed, x-forwarded-for" });
  expect(headersToUpstream(given, jerry).get("parley-passed")).toBe("1");
});

test("an answer keeps its headers but cookies and what it says of its own host", () => {
  const given = new Headers([
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
    ["Strict-Transport-Security", "max-age=1"],
    ["Access-Control-Allow-Origin", "https://a.example"],
    ["Connection", "x-mine"],
    ["X-Mine", "1"],
    ["ETag", '"1"'],
    ["Vary", "Accept"],
    ["Vary", "Origin"],
  ]);
  const kept = headersToClient(given);
  expect([names(kept), kept.get("vary")]).toEqual([["etag", "vary"], "Accept, Origin"]);
});
