import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Server, startServer } from "../../support/server.ts";
import { configure } from "../support/owner.ts";

/* The console of a server that runs, with its real files (G-01). */

let server: Server;
let cookie: string;
let asset: string;

const byConsole = { "X-Parley-Console": "1" };

function signIn(headers: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify({ master_key: "parley-dev-master", name: "Tom" });
  return fetch(`${server.url}/console/session`, {
    method: "POST",
    headers: { ...byConsole, ...headers },
    body,
  });
}

beforeAll(async () => {
  server = await startServer();
  cookie = (await signIn()).headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const page = await (await fetch(`${server.url}/console`, { headers: { cookie } })).text();
  asset = /"(\/console\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? "";
});
afterAll(() => server?.stop());

/** The answer to a request with a path as it is written, with nothing resolved. */
async function asWritten(method: string, path: string, headers = ""): Promise<string> {
  const socket = connect(server.port, "127.0.0.1");
  socket.write(
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n${headers}Connection: close\r\n\r\n`,
  );
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    answer += text;
  });
  await once(socket, "close");
  return answer;
}

test("[G-01] no spelling of a path gives a stranger a file of the console", async () => {
  expect(asset).not.toBe("");
  const [, , , name = ""] = asset.split("/");
  const paths = [
    asset,
    `/${asset}`,
    asset.replaceAll("/", "//"),
    asset.replaceAll("/", "%2f"),
    asset.replace("/assets/", "/assets%2f"),
    asset.replace("console", "%63onsole"),
    asset.replace("assets", "%61ssets"),
    `/console/./assets/${name}`,
    `/console/sign-in/../assets/${name}`,
    `/console/sign-in/..%2fassets/${name}`,
    `/console/sign-in/%2e%2e/assets/${name}`,
    `/console/sign-in/..\\assets\\${name}`,
    `/x/../console/assets/${name}`,
    `${asset}/`,
    `${asset}?x`,
    `${asset}%00`,
    `http://127.0.0.1:${server.port}${asset}`,
    "/console/index.html",
    "/console/index",
    "/console.html",
  ];
  for (const path of paths) {
    for (const method of ["GET", "HEAD"]) {
      for (const headers of ["", "Range: bytes=0-9\r\n", "If-None-Match: *\r\n"]) {
        const [head = "", body = ""] = (await asWritten(method, path, headers)).split("\r\n\r\n");
        expect([path, head.split(" ")[1]]).toEqual([path, expect.stringMatching(/^40[014]$/)]);
        expect([path, body.includes("/console/assets/")]).toEqual([path, false]);
      }
    }
  }
});

test("[G-01] a file of the console is compressed on the way, and is not sent twice", async () => {
  const zipped = await fetch(server.url + asset, { headers: { cookie, "Accept-Encoding": "gzip" } });
  expect(zipped.headers.get("content-encoding")).toBe("gzip");
  const plain = await fetch(server.url + asset, { headers: { cookie, "Accept-Encoding": "identity" } });
  expect(plain.headers.get("content-encoding")).toBeNull();
  expect(await zipped.text()).toBe(await plain.text());
  const tag = plain.headers.get("etag") ?? "";
  const again = await fetch(server.url + asset, { headers: { cookie, "If-None-Match": tag } });
  expect(again.status).toBe(304);
});

test("[G-01] the cookie is for TLS alone where the proxy says that there is TLS", async () => {
  await configure(server, { console: { enabled: true } });
  const response = await signIn({ "X-Forwarded-Proto": "https" });
  await configure(server, { console: { enabled: null } });
  expect(response.headers.getSetCookie()[0]).toMatch(/^__Host-parley-console-\d+=.*; Secure/);
  expect((await signIn()).headers.getSetCookie()[0]).not.toMatch(/Secure/);
});

test("[G-01] a socket gets nothing from the cookie", async () => {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/console/assets/x.js`, "lc.protobuf2.3", {
    headers: { cookie, ...byConsole },
  });
  const outcome = await Promise.race([once(socket, "open"), once(socket, "error")]);
  socket.close();
  expect(outcome).toBeDefined();
  const settings = await fetch(`${server.url}/admin/settings`, { headers: { cookie } });
  expect(settings.status).toBe(401);
});

test("[G-01] behind a proxy the console is there if its setting is on, and not by itself", async () => {
  const proxies: Record<string, string>[] = [
    { "X-Forwarded-For": "203.0.113.7" },
    { "X-Forwarded-Proto": "https" },
    { "X-Real-IP": "203.0.113.7" },
    { "CF-Connecting-IP": "203.0.113.7" },
    { Forwarded: "for=203.0.113.7" },
    { Via: "1.1 proxy" },
  ];
  const statuses = () =>
    Promise.all(proxies.map(async (headers) => (await fetch(`${server.url}/console`, { headers })).status));
  expect(await statuses()).toEqual(proxies.map(() => 404));
  await configure(server, { console: { enabled: true } });
  expect(await statuses()).toEqual(proxies.map(() => 401));
  await configure(server, { console: { enabled: null } });
});

test("[G-01] who tries keys has to wait, whatever addresses they make up", async () => {
  await configure(server, { console: { enabled: true } });
  const statuses = new Set<number>();
  for (let tries = 0; tries < 40; tries++) {
    const headers = { ...byConsole, "X-Forwarded-For": `203.0.113.${tries}` };
    const body = JSON.stringify({ master_key: `guess ${tries}` });
    statuses.add((await fetch(`${server.url}/console/session`, { method: "POST", headers, body })).status);
  }
  expect(statuses).toEqual(new Set([401, 429]));
  await configure(server, { console: { enabled: null } });
});
