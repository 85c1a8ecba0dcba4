import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../../support/server.ts";
import { StubUpstream } from "../../support/stub-upstream.ts";
import { configure } from "../support/owner.ts";
import { Random, seedOfThisRun } from "../support/random.ts";
import { exchange } from "./raw-client.ts";

/* Whatever a client writes into the first line and the headers: what reaches the upstream, and what does not. */

const REQUESTS = 2_000;
const AT_ONCE = 20;

const upstream = new StubUpstream();
let server: Server;

beforeAll(async () => {
  await upstream.open();
  server = await startServer();
  await configure(server, { upstream: { url: upstream.url, timeoutSeconds: 2, maxBytes: 5_000 } });
});
afterAll(async () => {
  await server?.stop();
  await upstream.close();
});

const SEGMENTS = [
  ...[
    "classes",
    "_Conversation",
    "_Installation",
    "_File",
    "Todo",
    "functions",
    "call",
    "_hook",
    "rtm",
    "push",
  ],
  ...["installations", "batch", "save", "login", "users", "me", "files", "LiveQuery", "subscribe", "admin"],
  ...[
    "settings",
    "1.1",
    "1.2",
    "1",
    "..",
    ".",
    "",
    "%2e%2e",
    "%2F",
    "%5C",
    "%00",
    "%0d%0aX-Injected:1",
    "%c3%28",
  ],
  ...[
    "always_collect",
    "stats",
    "猫",
    "a b",
    "a;b=c",
    "a|b",
    "a\\b",
    "{}",
    "%",
    "%zz",
    "*",
    "@evil.example",
    ":80",
  ],
];
const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"];
const VALUES = [
  ...[
    "1",
    "",
    "chunked",
    "close, x-lc-id",
    "keep-alive, upgrade",
    "websocket",
    "100-continue",
    "gzip, br",
    "*/*",
  ],
  ...[
    "text/plain",
    "6.6.6.6",
    "evil.example",
    "a=b; c=d",
    "x\r\n X-Folded: 1",
    "\tx",
    "é",
    "\x7f",
    "x".repeat(9_000),
  ],
];
const HEADERS = [
  ...[
    "Connection",
    "Upgrade",
    "Expect",
    "TE",
    "Trailer",
    "Keep-Alive",
    "Proxy-Authorization",
    "Cookie",
    "Forwarded",
  ],
  ...["X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "CF-Connecting-IP", "MF-Original-URL", "CF-EW-Via"],
  ...["X-LC-Id", "X-LC-Key", "X-LC-Sign", "X-Uluru-Application-Id", "Parley-Passed", "Content-Type", "Range"],
  ...[
    "Accept-Encoding",
    "Content-Encoding",
    "Origin",
    "If-None-Match",
    "X-HTTP-Method-Override",
    "Via",
    "Sec-Fetch-Site",
  ],
];
const BODIES = [
  "",
  "{}",
  "x".repeat(6_000),
  '{"_ApplicationId":"parley-dev"}',
  '{"requests":[{"path":"/1.1/classes/A"}]}',
];

/** A request as it stands on the wire. */
function request(random: Random, number: number): string {
  const path = Array.from({ length: 1 + random.below(6) }, () => random.pick(SEGMENTS)).join("/");
  const start = random.chance(0.8)
    ? "/1.1/"
    : random.pick(["/", "//", "/1/", "/1.2/", "http://evil.example/1.1/", ""]);
  const query = random.chance(0.3)
    ? `?n=${random.pick(VALUES.filter((value) => !/[\r\n\t]/.test(value)))}`
    : "";
  const headers = [`X-Number: ${number}`, "Host: localhost"];
  if (random.chance(0.9)) headers.push("X-LC-Id: parley-dev");
  for (let more = random.below(5); more > 0; more--)
    headers.push(`${random.pick(HEADERS)}: ${random.pick(VALUES)}`);
  const body = random.pick(BODIES);
  if (random.chance(0.9)) headers.push(`Content-Length: ${body.length}`);
  const first = `${random.pick(METHODS)} ${start}${path}${query} HTTP/1.1`;
  return `${Buffer.from(`${first}\r\n${headers.join("\r\n")}`).toString("latin1")}\r\n\r\n${body}`;
}

const HIDDEN =
  /^(?:connection|upgrade|expect|te|trailer|keep-alive|proxy-.*|cookie|forwarded|via|x-forwarded-host|cf-connecting-ip|mf-.*|cf-ew-via|x-injected|x-folded)$/;

test(`${REQUESTS} requests of any form bring the upstream nothing that it should not see, and no answer of 500`, async () => {
  const random = new Random(seedOfThisRun());
  const statuses = new Map<number, number>();
  for (let sent = 0; sent < REQUESTS; sent += AT_ONCE) {
    const texts = Array.from({ length: AT_ONCE }, (_, at) => request(random, sent + at));
    await Promise.all(
      texts.map(async (text) => {
        const { status, head } = await exchange(server.port, text, 50);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect([text, status]).not.toEqual([text, 500]);
        expect([text, head]).toEqual([text, expect.not.stringMatching(/x-injected|x-folded/i)]);
      }),
    );
  }
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(upstream.requests.length).toBeGreaterThan(REQUESTS / 20);
  for (const { method, url, headers } of upstream.requests) {
    const seen = decodeURIComponent(url.replace(/%(?![\da-f]{2})|%[89a-f][\da-f]/gi, "x")).replace(
      /[\\/]+/g,
      "/",
    );
    expect(seen).toMatch(/^\/1(\.\d)?\//);
    expect(seen).not.toMatch(
      /^\/1(\.\d)?\/(rtm|push|installations|files|classes\/_(Conversation|Installation|File))(\/|\?|$)/i,
    );
    expect(seen).not.toMatch(/^\/1(\.\d)?\/(functions|call)\/(_|[^?]*\/[^?])/i);
    expect(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]).toContain(method);
    expect(headers["parley-passed"]).toBe("1");
    expect(headers.host).toBe(new URL(upstream.url).host);
    expect(Object.keys(headers).filter((name) => HIDDEN.test(name) && name !== "connection")).toEqual([]);
    expect(headers["x-forwarded-for"]).toBe("127.0.0.1");
  }
  // None was sent twice, and none out of another.
  const numbers = upstream.requests.map(({ headers }) => headers["x-number"]);
  expect(new Set(numbers).size).toBe(numbers.length);
});
