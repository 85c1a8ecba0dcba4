import { once } from "node:events";
import { constants, createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import { text } from "node:stream/consumers";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type BridgedRequest, Http2Bridge } from "../../../scripts/http2.ts";
import { bundleWorker } from "../../../scripts/worker.ts";
import { ANY_ADDRESS, UNANSWERED } from "../../../src/push/http2.ts";
import { openApnsServer } from "../../support/push/apns-server.ts";

let bridge: Http2Bridge;
let server: Http2Server;
let url: string;
let port: number;
let sessions: ServerHttp2Session[];
/** The number of calls that the server has processed. */
let seen: number;
/** The fates of the next streams; later ones are answered. */
let next: ("refuse" | "leave in anger" | "break" | "hang" | "half" | "leave" | "flood")[];

beforeEach(async () => {
  bridge = new Http2Bridge();
  [sessions, next, seen] = [[], [], 0];
  server = createServer();
  server.on("session", (session) => {
    sessions.push(session);
    session.on("error", () => {});
  });
  server.on("stream", async (stream, headers) => {
    stream.on("error", () => {});
    const fate = next.shift();
    if (fate === "refuse") return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    // The last one it has looked at is the first one of all.
    if (fate === "leave") return stream.session?.goaway(constants.NGHTTP2_NO_ERROR, 1);
    if (fate === "leave in anger") return stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 1);
    seen += 1;
    if (fate === "break") return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    if (fate === "hang") return;
    if (fate === "half") {
      stream.respond({ ":status": 200 });
      stream.write("the first half, ", () => stream.session?.destroy());
      return;
    }
    if (fate === "flood") return stream.end("x".repeat(2_000_000));
    const body = await text(stream);
    const { ":path": path, ":method": method, ":authority": authority } = headers;
    const known = { path, method, authority, topic: headers["apns-topic"], body };
    stream.respond({ ":status": 201, "apns-id": "abc", "content-type": "application/json" });
    stream.end(JSON.stringify({ ...known, names: Object.keys(headers) }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
  url = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  vi.useRealTimers();
  bridge.close();
  for (const session of sessions) session.destroy();
  server.close();
  await once(server, "close");
});

function calling(target: string, { any = true, body = "{}" } = {}): BridgedRequest {
  const headers: Record<string, string> = { "apns-topic": "mouse", "accept-encoding": "gzip" };
  if (any) headers[ANY_ADDRESS] = "1";
  return new Request(target, { method: "POST", headers, body });
}

const call = (path = "/") => bridge.fetch(calling(url + path));

/** Why there was no answer; undefined where there was one. */
function whyNot({ status, headers }: Response): string | undefined {
  const why = headers.get(UNANSWERED);
  return status === 502 && why !== null ? decodeURIComponent(why) : undefined;
}

describe("a call over HTTP/2", () => {
  test("[P-20] a call over HTTP/2 passes on path, headers and body, and the response's status, headers and body", async () => {
    const response = await bridge.fetch(calling(`${url}/3/device/a?b=c`, { body: "näher" }));
    expect([response.status, response.headers.get("apns-id")]).toEqual([201, "abc"]);
    const { names, ...rest } = await response.json<{ names: string[] }>();
    expect(rest).toEqual({
      path: "/3/device/a?b=c",
      method: "POST",
      authority: `127.0.0.1:${port}`,
      topic: "mouse",
      body: "näher",
    });
    expect(names).not.toContain(ANY_ADDRESS);
    expect(names).not.toContain("accept-encoding");
  });

  test("[P-20] a hundred calls over HTTP/2 share one connection", async () => {
    const responses = await Promise.all(Array.from({ length: 100 }, () => call()));
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 201));
    await call();
    expect(sessions).toHaveLength(1);
  });

  test("[P-20] a call over HTTP/2 by TLS reaches only servers that this machine trusts", async () => {
    const apple = await openApnsServer({ keys: [], tls: true });
    try {
      const get = () => bridge.fetch(new Request(apple.url, { headers: { [ANY_ADDRESS]: "1" } }));
      expect(whyNot(await get())).toMatch(/certificate/);
      setDefaultCACertificates([...getCACertificates("default"), apple.certificate ?? ""]);
      expect((await get()).status).toBe(405);
    } finally {
      await apple.close();
    }
  });
});

describe("a call over HTTP/2 to a server in trouble", () => {
  test("[I11] a call over HTTP/2 fails while the server is down, and succeeds when it is up again", async () => {
    const nobody = createServer().listen(port, "127.0.0.2");
    await once(nobody, "listening");
    nobody.close();
    await once(nobody, "close");
    const there = `http://127.0.0.2:${port}`;
    expect(whyNot(await bridge.fetch(calling(there)))).toContain("ECONNREFUSED");
    nobody.on("stream", (stream) => {
      stream.respond();
      stream.end();
    });
    nobody.listen(port, "127.0.0.2");
    await once(nobody, "listening");
    expect((await bridge.fetch(calling(there))).status).toBe(200);
    bridge.close();
    nobody.close();
    await once(nobody, "close");
  });

  test("[I11] a call over HTTP/2 opens a new connection after the last was closed", async () => {
    await call();
    const closed = sessions.map((session) => once(session, "close"));
    for (const session of sessions) session.close();
    await Promise.all(closed);
    expect((await call()).status).toBe(201);
    expect(sessions).toHaveLength(2);
  });

  test.each(["refuse", "leave", "leave in anger"] as const)(
    "[I11] a call over HTTP/2 that the server did not process is repeated: %s",
    async (fate) => {
      await call();
      next = [fate];
      expect((await call()).status).toBe(201);
      expect(seen).toBe(2);
    },
  );

  test("[I11] a call over HTTP/2 is repeated only once", async () => {
    next = ["refuse", "refuse"];
    expect(whyNot(await call())).toContain("REFUSED_STREAM");
    expect(seen).toBe(0);
  });

  test("[I11] a call over HTTP/2 that the server may have processed is not repeated", async () => {
    await call();
    next = ["break"];
    expect(whyNot(await call())).toContain("INTERNAL_ERROR");
    expect(seen).toBe(2);
    next = ["hang"];
    const cut = call();
    while (seen < 3) await new Promise(setImmediate);
    for (const session of sessions) session.destroy();
    expect(whyNot(await cut)).toBeTruthy();
    expect(seen).toBe(3);
  });

  test("[I11] a call over HTTP/2 is finished although the server closes the connection meanwhile", async () => {
    next = ["hang"];
    const hanging = call();
    while (seen < 1) await new Promise(setImmediate);
    const answered = call();
    for (const session of sessions) session.close();
    expect((await answered).status).toBe(201);
    for (const session of sessions) session.destroy();
    expect(whyNot(await hanging)).toBeTruthy();
  });

  test("[I11] a call over HTTP/2 is not repeated when the server closes a later connection", async () => {
    await call();
    await call();
    next = ["hang"];
    const hanging = call();
    while (seen < 3) await new Promise(setImmediate);
    const [first] = sessions;
    first?.goaway(constants.NGHTTP2_NO_ERROR, 5); // the hanging call's stream
    while (sessions.length < 2) await call();
    const before = seen;
    next = ["leave"]; // with a last stream below the hanging call's, but of another connection
    expect((await call()).status).toBe(201);
    first?.destroy();
    expect(whyNot(await hanging)).toBeTruthy();
    expect(seen).toBe(before + 1);
  });

  test("[I11] a call over HTTP/2 ends after 30 s, and its connection is not used again", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    next = ["hang"];
    const hanging = call();
    while (seen < 1) await new Promise(setImmediate);
    vi.advanceTimersByTime(30_000);
    expect(whyNot(await hanging)).toContain("no answer in 30000 ms");
    expect(vi.getTimerCount()).toBe(0);
    expect((await call()).status).toBe(201);
    expect(sessions).toHaveLength(2);
  });

  test("[I11] a call over HTTP/2 fails if the response is incomplete", async () => {
    next = ["half"];
    expect(whyNot(await call())).toBeTruthy();
  });

  test("[I11] a call over HTTP/2 fails if the response is too long", async () => {
    next = ["flood"];
    expect(whyNot(await call())).toContain("more than 1000000 bytes");
  });
});

describe("calls over HTTP/2 to public hosts only", () => {
  test("[I12] a call over HTTP/2 to a private address is refused where only public hosts are allowed", async () => {
    expect(whyNot(await bridge.fetch(calling(url, { any: false })))).toContain("not public");
    expect(sessions).toEqual([]);
  });

  test.each([
    [[{ address: "127.0.0.1", family: 4 }]],
    [
      [
        { address: "::1", family: 6 },
        { address: "10.0.0.1", family: 4 },
      ],
    ],
    [[{ address: "fe80::1%eth0", family: 6 }]],
  ])(
    "[I12] a call over HTTP/2 to a name with a private address is refused where only public hosts are allowed: %j",
    async (found) => {
      bridge = new Http2Bridge((_host, _options, callback) => callback(null, found));
      const target = `http://relay.example.com:${port}`;
      expect(whyNot(await bridge.fetch(calling(target, { any: false })))).toContain("no public address");
      expect(sessions).toEqual([]);
    },
  );

  test("[I12] calls over HTTP/2 that may go anywhere share no connection with calls that may not", async () => {
    bridge = new Http2Bridge((_host, _options, callback) =>
      callback(null, [{ address: "127.0.0.1", family: 4 }]),
    );
    const target = `http://relay.example.com:${port}`;
    expect((await bridge.fetch(calling(target))).status).toBe(201);
    expect(whyNot(await bridge.fetch(calling(target, { any: false })))).toContain("no public address");
  });
});

describe("a Worker of a self-hosted server", () => {
  let miniflare: Miniflare;
  afterEach(() => miniflare.dispose());

  async function start(appId: string) {
    const script = await bundleWorker(new URL("worker.ts", import.meta.url));
    miniflare = new Miniflare(
      convertV4MiniflareOptions({
        modules: [{ type: "ESModule", path: "worker.js", contents: script }],
        cf: false,
        compatibilityDate: "2026-10-20",
        compatibilityFlags: ["nodejs_compat"],
        bindings: { APP_ID: appId },
        serviceBindings: { HTTP2: (request: BridgedRequest) => bridge.fetch(request) },
      }),
    );
    await miniflare.ready;
  }

  async function post(target: string) {
    const asking = `http://parley.test/?url=${encodeURIComponent(target)}`;
    const response = await miniflare.dispatchFetch(asking, { method: "POST", body: "{}" });
    return response.json();
  }

  test("[P-20] a self-hosted Worker calls over the bridge as its settings allow, and gets its failures", async () => {
    await start("parley-dev"); // being tried out, it may call this machine
    const answer = await post(`${url}/3/device/a`);
    expect(answer).toMatchObject({ status: 201, headers: { "apns-id": "abc" } });
    const { text: heard } = answer as { text: string };
    const { names, ...rest } = JSON.parse(heard);
    expect(rest).toMatchObject({ path: "/3/device/a", method: "POST", topic: "mouse", body: "{}" });
    expect(names.filter((name: string) => /^(mf|cf|parley)-/.test(name))).toEqual([]);
    next = ["break"];
    expect(await post(url)).toEqual({ unanswered: expect.stringContaining("INTERNAL_ERROR") });
  });

  test("[I12] a self-hosted Worker calls nothing on this machine unless its settings allow it", async () => {
    await start("an-app");
    expect(await post(url)).toEqual({ unanswered: expect.stringContaining("not allowed") });
    expect(await post(`https://localhost:${port}`)).toEqual({
      unanswered: expect.stringContaining("not allowed"),
    });
    expect(sessions).toEqual([]);
  });
});
