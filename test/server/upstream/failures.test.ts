import { once } from "node:events";
import { createServer, type Server as NetServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../../support/server.ts";
import { StubUpstream } from "../../support/stub-upstream.ts";
import { configure } from "../support/owner.ts";

/* What an upstream can do wrong, and what its clients can: nobody else notices. */

const headers = { "X-LC-Id": "parley-dev", "X-LC-Key": "parley-dev-key" };
const SECOND = 1_000;

const upstream = new StubUpstream();
let server: Server;
let noHttp: NetServer;

beforeAll(async () => {
  await upstream.open();
  server = await startServer();
  noHttp = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => {
      const [, path = ""] = data.toString().split(" ");
      socket.end(garbage[path.split("/").at(-1) ?? ""] ?? "");
    });
  }).listen(0, "127.0.0.1");
  await once(noHttp, "listening");
});
afterEach(async () => {
  upstream.left.length = 0;
  await configure(server, { upstream: null });
});
afterAll(async () => {
  await server?.stop();
  await upstream.close();
  noHttp.close();
});

const garbage: Record<string, string> = {
  nothing: "",
  noise: "not http at all\r\n\r\n",
  "a status of 999": "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
  "a status of 600": "HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n",
  "a switch of protocols": "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
  "a broken header": "HTTP/1.1 200 OK\r\nNo colon here\r\n\r\n",
};

const ask = (path: string, init: RequestInit = {}) => fetch(server.url + path, { headers, ...init });

async function refusal(path: string, init: RequestInit = {}) {
  const response = await ask(path, init);
  const { code, error } = (await response.json()) as { code: number; error: string };
  expect(code).toBe(response.status);
  return `${code} ${error}`;
}

const isUnharmed = async () => {
  const started = Date.now();
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(Date.now() - started).toBeLessThan(SECOND);
};

describe("without an upstream", () => {
  test.each([
    ["/1.1/classes/Todo", "upstream.url"],
    ["/1.1/batch/nothing", "upstream.url"],
    ["/1.1/functions/hello", "upstream.functionsUrl"],
    ["/1/call/hello", "upstream.functionsUrl"],
  ])("%s is refused with the name of the setting", async (path, setting) => {
    expect(await refusal(path)).toContain(setting);
  });

  test("cloud functions pass to upstream.url where no other address is set", async () => {
    await configure(server, { upstream: { url: upstream.url } });
    expect((await ask("/1.1/functions/hello", { method: "POST", body: "{}" })).status).toBe(200);
  });

  test("an address with a path of its own keeps it before the path that was asked for", async () => {
    await configure(server, { upstream: { url: `${upstream.url}/parse/` } });
    const response = await ask("/1.1/classes/%2e%2e/%2e%2e/1.1/x");
    expect(await response.json()).toMatchObject({ url: "/parse/1.1/x" });
  });
});

describe("an upstream that fails", () => {
  test("an upstream that is gone is answered for with 502", async () => {
    await configure(server, { upstream: { url: upstream.url } });
    await upstream.close();
    expect(await refusal("/1.1/classes/Todo")).toMatch(/^502 The upstream cannot be reached/);
    await upstream.open();
    expect((await ask("/1.1/classes/Todo")).status).toBe(200);
  });

  test.each(Object.keys(garbage))("an upstream that answers %s is answered for with 502", async (kind) => {
    const address = noHttp.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    await configure(server, { upstream: { url: `http://127.0.0.1:${address.port}` } });
    expect(await refusal(`/1.1/${kind}`)).toMatch(/^502 /);
  });

  test("an upstream that hangs is given up after upstream.timeoutSeconds, and others are served meanwhile", async () => {
    await configure(server, { upstream: { url: upstream.url, timeoutSeconds: 1 } });
    upstream.answer = () => {};
    const started = Date.now();
    const hanging = Array.from({ length: 50 }, () => refusal("/1.1/classes/Todo"));
    await isUnharmed();
    for (const each of await Promise.all(hanging)) expect(each).toMatch(/^504 .*upstream.timeoutSeconds/);
    expect(Date.now() - started).toBeLessThan(10 * SECOND);
    await expect.poll(() => upstream.left.length).toBe(50);
  });

  test.each(["stops", "closes"])(
    "an upstream that %s in the middle breaks that answer alone",
    async (how) => {
      await configure(server, { upstream: { url: upstream.url, timeoutSeconds: 1 } });
      upstream.answer = (_, response) => {
        response.writeHead(200, { "Content-Length": 100 }).write("the beginning");
        if (how === "closes") setTimeout(() => response.destroy(), 50);
      };
      const response = await ask("/1.1/classes/Todo");
      expect(response.status).toBe(200);
      await expect(response.text()).rejects.toThrow();
      await isUnharmed();
    },
  );

  test("an upstream that goes on slowly is heard to the end", async () => {
    await configure(server, { upstream: { url: upstream.url, timeoutSeconds: 1 } });
    upstream.answer = async (_, response) => {
      for (let part = 0; part < 6; part++) {
        response.write(`${part}`);
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
      response.end();
    };
    expect(await (await ask("/1.1/classes/Todo")).text()).toBe("012345");
  });
});

describe("bodies that are too large", () => {
  const flood: StubUpstream["answer"] = (_, response) => {
    const write = () => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
      if (!response.destroyed) response.once("drain", write);
    };
    write();
  };

  test("an endless answer ends at upstream.maxBytes and leaves no connection", async () => {
    await configure(server, { upstream: { url: upstream.url, maxBytes: 1_000_000 } });
    upstream.answer = flood;
    const response = await ask("/1.1/classes/Todo");
    await expect(response.arrayBuffer()).rejects.toThrow();
    await expect.poll(() => upstream.left).toEqual(["/1.1/classes/Todo"]);
    await isUnharmed();
    expect(server.output()).toContain("an answer was broken off, answer too large");
    expect(server.output()).not.toContain("xception");
  });

  test("an answer that announces more than upstream.maxBytes is refused with 502", async () => {
    await configure(server, { upstream: { url: upstream.url, maxBytes: 100 } });
    upstream.answer = (_, response) =>
      response.writeHead(200, { "Content-Length": 101 }).end("x".repeat(101));
    expect(await refusal("/1.1/classes/Todo")).toMatch(/^502 .*upstream.maxBytes/);
  });

  test("a request over upstream.maxBytes is refused with 413, whether it announces its length or not", async () => {
    await configure(server, { upstream: { url: upstream.url, maxBytes: 100_000 } });
    upstream.answer = (request, response) => response.end(`${request.body.length}`);
    upstream.requests.length = 0;
    const body = "x".repeat(100_001);
    expect(await refusal("/1.1/classes/Todo", { method: "POST", body })).toMatch(/^413 .*upstream.maxBytes/);
    const stream = new Blob([body]).stream();
    const chunked = { method: "POST", body: stream, duplex: "half" as const };
    expect(await refusal("/1.1/classes/Todo", chunked)).toMatch(/^413 .*upstream.maxBytes/);
    expect(upstream.requests).toEqual([]);
    const fitting = await ask("/1.1/classes/Todo", { method: "POST", body: body.slice(1) });
    expect(await fitting.text()).toBe("100000");
  });

  test("a client that leaves while an answer comes ends it at the upstream", async () => {
    await configure(server, { upstream: { url: upstream.url, maxBytes: 1_000_000_000 } });
    upstream.answer = flood;
    const leave = new AbortController();
    const response = await ask("/1.1/classes/Todo", { signal: leave.signal });
    await response.body?.getReader().read();
    leave.abort();
    await expect.poll(() => upstream.left).toEqual(["/1.1/classes/Todo"]);
  });
});
