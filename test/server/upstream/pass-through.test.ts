import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Server, startServer } from "../../support/server.ts";
import { StubUpstream, type UpstreamRequest } from "../../support/stub-upstream.ts";
import { exchange } from "./raw-client.ts";

/* A server and an upstream on this machine, which a trial server may call. */

const app = { "X-LC-Id": "parley-dev", "X-LC-Key": "parley-dev-key" };
const master = { "X-LC-Id": "parley-dev", "X-LC-Key": "parley-dev-master,master" };

const upstream = new StubUpstream();
const engine = new StubUpstream();
const echo = upstream.answer;
let server: Server;

async function configure(patch: object): Promise<Response> {
  const headers = { ...master, "Content-Type": "application/json" };
  return fetch(`${server.url}/admin/settings`, { method: "PATCH", headers, body: JSON.stringify(patch) });
}

beforeAll(async () => {
  await Promise.all([upstream.open(), engine.open()]);
  server = await startServer();
  const settings = { url: upstream.url, functionsUrl: engine.url, timeoutSeconds: 2 };
  expect((await configure({ upstream: settings })).status).toBe(200);
});
beforeEach(() => {
  upstream.requests.length = 0;
  engine.requests.length = 0;
  upstream.left.length = 0;
  upstream.answer = echo;
});
afterAll(async () => {
  await server?.stop();
  await Promise.all([upstream.close(), engine.close()]);
});

const ask = (path: string, init: RequestInit = {}) =>
  fetch(server.url + path, { ...init, headers: { ...app, ...init.headers }, redirect: "manual" });

async function seen(path: string, init: RequestInit = {}): Promise<UpstreamRequest> {
  const response = await ask(path, init);
  expect(response.status).toBe(200);
  return (await response.json()) as UpstreamRequest;
}

const line = (first: string, headers = "") =>
  `${first} HTTP/1.1\r\nHost: localhost\r\nX-LC-Id: parley-dev\r\nX-LC-Key: k\r\n${headers}\r\n`;

describe("a request that Parley does not serve", () => {
  test.each(["GET", "POST", "PUT", "PATCH", "DELETE"])(
    "a %s request passes to the upstream",
    async (method) => {
      const body = method === "GET" ? undefined : '{"title":"猫"}';
      const request = await seen("/1.1/classes/Todo?limit=1", { method, ...(body && { body }) });
      expect(request).toMatchObject({ method, url: "/1.1/classes/Todo?limit=1", body: body ?? "" });
    },
  );

  test.each([
    "//1.1//classes///Todo/?where=%7B%22a%22%3A%22%2B+b%22%7D&&x=",
    "/1.1/classes/%E7%8C%AB/..%2Fa%20b;v=1?a=b?c=d|e",
    "/1/classes/Todo/",
    "/1.1/users?where=[]",
  ])("the upstream receives the path %s as it was written", async (path) => {
    const { rest } = await exchange(server.port, line(`GET ${path}`));
    expect(rest).toContain(JSON.stringify(path));
  });

  test("the keys, the signature, the session and the headers of the app arrive as they were sent", async () => {
    const headers = {
      "X-LC-Sign": "d5bcbb897e19b2f6633c716dfdfaf9be,1453014943466",
      "X-LC-Session": "qmdj8pdidnmyzp0c7yqil91oc",
      "X-LC-Prod": "0",
      "X-LC-UA": "LeanCloud-JS-SDK/4.15.2 (Browser)",
      "User-Agent": "LeanCloud-Java-SDK/8.2.28",
      "Content-Type": "application/json;charset=UTF-8",
      "X-Of-The-App": 'a, b; c="d"',
      Origin: "https://app.example.com",
      "Accept-Language": "zh-CN",
    };
    const request = await seen("/1.1/classes/Todo", { headers });
    for (const [name, value] of Object.entries({ ...app, ...headers })) {
      expect(request.headers[name.toLowerCase()]).toBe(value);
    }
  });

  test("the upstream is named in Host, and the body has its length or is chunked as it came", async () => {
    const sized = await exchange(server.port, `${line("POST /1.1/classes/A", "Content-Length: 2\r\n")}{}`);
    expect(sized.status).toBe(200);
    const text = `${line("POST /1.1/classes/A", "Transfer-Encoding: chunked\r\n")}2\r\n{}\r\n0\r\n\r\n`;
    expect((await exchange(server.port, text)).status).toBe(200);
    const empty = await exchange(server.port, line("POST /1.1/classes/A", "Content-Length: 0\r\n"));
    expect(empty.status).toBe(200);
    const host = new URL(upstream.url).host;
    expect(upstream.requests.map(({ headers }) => headers.host)).toEqual([host, host, host]);
    expect(upstream.requests.map(({ headers }) => headers["content-length"])).toEqual(["2", undefined, "0"]);
    expect(upstream.requests.map(({ body }) => body)).toEqual(["{}", "{}", ""]);
  });

  test("headers of the connection, of the way here and of other sites stay behind", async () => {
    const headers = [
      "Keep-Alive: timeout=5",
      "TE: trailers",
      "Proxy-Authorization: Basic eA==",
      "Cookie: site=secret",
      "X-Forwarded-For: 6.6.6.6",
      "X-Forwarded-Host: evil.example",
      "Forwarded: for=6.6.6.6",
      "X-Real-IP: 6.6.6.6",
      "CF-Connecting-IP: 6.6.6.6",
      "CF-IPCountry: T1",
      "MF-CF-Blob: {}",
      "Via: 1.1 x",
      "Expect: 100-continue",
    ].join("\r\n");
    const text = `${line("POST /1.1/classes/A", `${headers}\r\nContent-Length: 2\r\n`)}{}`;
    expect((await exchange(server.port, text)).head).toMatch(/200 OK|100 Continue/);
    const [request] = upstream.requests;
    const names = Object.keys(request?.headers ?? {});
    expect(names).not.toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^(cookie|te|via|forwarded|expect|keep-alive|proxy-.*|mf-.*)$/),
      ]),
    );
    expect(JSON.stringify(request)).not.toContain("6.6.6.6");
    expect(request?.headers).toMatchObject({ "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1" });
  });

  test("headers that Connection names stay behind", async () => {
    await exchange(
      server.port,
      line("GET /1.1/cloudQuery", "Connection: x-mine\r\nX-Mine: 1\r\nX-Theirs: 2\r\n"),
    );
    expect(upstream.requests[0]?.headers).not.toHaveProperty("x-mine");
    expect(upstream.requests[0]?.headers).toMatchObject({ "x-theirs": "2" });
  });

  test("a cloud function passes to the engine", async () => {
    for (const path of ["/1.1/functions/hello", "/1.1/call/hello", "/1/functions/hello"]) {
      expect(await seen(path, { method: "POST", body: "{}" })).toMatchObject({ url: path });
    }
    expect([upstream.requests.length, engine.requests.length]).toEqual([0, 3]);
  });

  test.each([
    "/1.1/functions/_messageReceived",
    "/1.1/call/%5FmessageReceived",
    "/1.1/functions/_User/onLogin",
    "/1.1/functions/Todo%2FbeforeSave",
  ])("a hook of the engine, %s, is not called for clients", async (path) => {
    const response = await ask(path, { method: "POST", body: "{}" });
    expect(response.status).toBe(404);
    expect(engine.requests).toEqual([]);
  });

  test("a very old web page, whose body names the app, passes as it is", async () => {
    const body =
      '{"title":"x","_method":"GET","_ApplicationId":"parley-dev","_ApplicationKey":"parley-dev-key"}';
    const headers = { "Content-Type": "text/plain;charset=UTF-8" };
    const response = await fetch(`${server.url}/1.1/classes/Todo`, { method: "POST", headers, body });
    expect(await response.json()).toMatchObject({ body });
    const others = body.replace("parley-dev", "another");
    const refused = await fetch(`${server.url}/1.1/classes/Todo`, { method: "POST", headers, body: others });
    expect(refused.status).toBe(401);
  });
});

describe("what does not pass", () => {
  test.each([
    ["no app", {}],
    ["another app", { "X-LC-Id": "another", "X-LC-Key": "parley-dev-key" }],
    ["an empty id", { "X-LC-Id": "" }],
  ])("a request that names %s is refused", async (_, headers) => {
    const response = await fetch(`${server.url}/1.1/classes/Todo`, { headers });
    expect([response.status, await response.json()]).toEqual([401, { code: 401, error: "Unauthorized." }]);
    expect(upstream.requests).toEqual([]);
  });

  test.each([
    ["PATCH", "/1.1/push"],
    ["PUT", "/1.1/installations"],
    ["POST", "/1.1/classes/_Conversation/1/2"],
    ["GET", "/1.1/classes/%5FConversation/1/2"],
    ["POST", "/1.1//rtm/nothing"],
    ["POST", "/1.2/rtm/chatrooms"],
    ["GET", "/1/installations"],
    ["POST", "/1.1/%69nstallations/a/b/c"],
    ["POST", "/1.1/LiveQuery/subscribe"],
    ["GET", "/1.1/files/a/b"],
    ["GET", "/3.0/classes/Todo"],
    ["GET", "/classes/Todo"],
    ["GET", "/1.1/../admin/nothing"],
  ])("%s %s is kept here", async (method, path) => {
    const { status } = await exchange(server.port, line(`${method} ${path}`, "Content-Length: 0\r\n"));
    expect([401, 404, 405]).toContain(status);
    expect(upstream.requests).toEqual([]);
  });

  test("a preflight of a web page is answered here", async () => {
    const headers = { Origin: "https://app.example.com", "Access-Control-Request-Method": "POST" };
    const response = await fetch(`${server.url}/1.1/classes/Todo`, { method: "OPTIONS", headers });
    expect(response.status).toBe(204);
    expect(upstream.requests).toEqual([]);
  });

  test("a request that was passed on before is refused as a loop", async () => {
    const looped = await configure({
      upstream: { url: `${server.url.replace("127.0.0.1", "localhost")}/x` },
    });
    expect(looped.status).toBe(400);
    expect(await looped.json()).toMatchObject({ error: expect.stringContaining("upstream.url") });
    upstream.answer = async (request, response) => {
      const { host: _, ...headers } = request.headers;
      const again = await fetch(server.url + request.url, { headers: headers as Record<string, string> });
      response.writeHead(again.status, { "Content-Type": "application/json" }).end(await again.text());
    };
    const response = await ask("/1.1/classes/Todo");
    expect(response.status).toBe(508);
    expect(await response.json()).toMatchObject({
      code: 508,
      error: expect.stringContaining("upstream.url"),
    });
    expect(upstream.requests).toHaveLength(1);
  });
});

describe("an upstream's answer", () => {
  test("an answer comes back with its status, reason, headers and body, and may be read by web pages", async () => {
    upstream.answer = (_, response) => {
      const headers = { "X-Request-Id": "1", "Cache-Control": "private", "Content-Type": "application/json" };
      response.writeHead(418, "Teapot", headers).end('{"code":418,"error":"teapot"}');
    };
    const response = await ask("/1.1/classes/Todo");
    expect([response.status, response.statusText, await response.text()]).toEqual([
      418,
      "Teapot",
      '{"code":418,"error":"teapot"}',
    ]);
    expect(response.headers.get("x-request-id")).toBe("1");
    expect(response.headers.get("cache-control")).toBe("private");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("an encoded answer stays as it is, and one that was not asked to be encoded is not", async () => {
    const encoded = gzipSync("hello ".repeat(1_000));
    upstream.answer = ({ headers }, response) => {
      if (headers["accept-encoding"] !== "gzip") return response.end("plain");
      response.writeHead(200, { "Content-Encoding": "gzip", "Content-Length": encoded.length }).end(encoded);
    };
    const { head, rest } = await exchange(server.port, line("GET /1.1/x", "Accept-Encoding: gzip\r\n"));
    expect(head).toContain("Content-Encoding: gzip");
    expect(head).toContain(`Content-Length: ${encoded.length}`);
    expect(gunzipSync(Buffer.from(rest, "latin1")).toString()).toBe("hello ".repeat(1_000));
    expect((await exchange(server.port, line("GET /1.1/x"))).rest).toContain("plain");
  });

  test("a redirect is the client's to follow", async () => {
    upstream.answer = (_, response) => response.writeHead(302, { Location: "https://a.example/b" }).end();
    const response = await ask("/1.1/classes/Todo");
    expect([response.status, response.headers.get("location")]).toEqual([302, "https://a.example/b"]);
    expect(upstream.requests).toHaveLength(1);
  });

  test.each([204, 205, 304])("an answer with the status %i has no body", async (status) => {
    upstream.answer = (_, response) => response.writeHead(status, { ETag: '"x"' }).end();
    const response = await ask("/1.1/classes/Todo");
    expect([response.status, response.headers.get("etag"), await response.text()]).toEqual([
      status,
      '"x"',
      "",
    ]);
  });

  test("an answer to HEAD has the length of the body that it leaves out", async () => {
    upstream.answer = (_, response) => response.writeHead(200, { "Content-Length": "1234" }).end();
    const { head, rest } = await exchange(server.port, line("HEAD /1.1/classes/Todo"));
    expect([head.match(/content-length: (\d+)/i)?.[1], rest]).toEqual(["1234", ""]);
  });

  test("cookies of an upstream, and what it says of its own host, stay behind", async () => {
    upstream.answer = (_, response) => {
      response.writeHead(200, {
        "Set-Cookie": ["a=1", "b=2"],
        "Strict-Transport-Security": "max-age=1",
        "Alt-Svc": 'h3=":443"',
        "Access-Control-Allow-Origin": "https://one.example",
        "Access-Control-Allow-Credentials": "true",
      });
      response.end("{}");
    };
    const { headers } = await ask("/1.1/classes/Todo");
    const names = [...headers.keys()].join();
    expect(names).not.toMatch(/set-cookie|strict-transport|alt-svc|allow-credentials/);
    expect(headers.get("access-control-allow-origin")).toBe("*");
  });
});

describe("users", () => {
  const paths: [string, string][] = [
    ["POST", "/1.1/login"],
    ["POST", "/1.1/users"],
    ["GET", "/1.1/users/me"],
    ["DELETE", "/1.1/users/1"],
    ["POST", "/1.1/requestLoginSmsCode"],
    ["GET", "/1.1/users/1/friendship/2"],
  ];

  test("requests about users, and for their signatures, pass where users.where is upstream", async () => {
    await configure({ users: { where: "upstream" } });
    const all: [string, string][] = [...paths, ["POST", "/1.1/rtm/sign"], ["GET", "/1.2/rtm/clients/sign"]];
    for (const [method, path] of all)
      expect(await seen(path, { method })).toMatchObject({ method, url: path });
    await ask("/1.2/rtm/clients/Tom/kick", { method: "POST" });
    await ask("/1.1/rtm/notifications");
    expect(upstream.requests).toHaveLength(all.length);
  });

  test("no request about users passes where they are here", async () => {
    await configure({ users: { where: "here" } });
    for (const [method, path] of [...paths, ["POST", "/1/login"], ["PUT", "/1/users/1/updatePassword"]]) {
      expect((await ask(path ?? "", { method })).status).toBeGreaterThanOrEqual(400);
    }
    expect(upstream.requests).toEqual([]);
    await configure({ users: null });
  });
});
