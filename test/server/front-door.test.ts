import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Server, startServer } from "../support/server.ts";

/* What a request that comes from anywhere can say to a server on a single machine, beside its body. */

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

test("[I13] a self-hosted server negotiates no compression: few bytes would become many before they are counted", async () => {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/rtm`, "lc.protobuf2.3", {
    perMessageDeflate: true,
  });
  await once(socket, "open");
  expect(socket.extensions).toBe("");
  socket.close();
});

describe("headers that developer tools trust", () => {
  test("[I12] headers that developer tools trust do not change the path of a request", async () => {
    const headers = { "MF-Original-URL": "https://elsewhere.example/v1/route?appId=parley-dev" };
    const response = await fetch(server.url, { headers });
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      "text/html; charset=utf-8",
    ]);
  });

  test("[I12] headers that developer tools trust are ignored, whatever is in them", async () => {
    for (const path of ["/", "/page.js", "/healthz", "/docs"]) {
      const response = await fetch(`${server.url}${path}`, { headers: { "MF-CF-Blob": "no JSON" } });
      expect([path, response.status]).toEqual([path, 200]);
    }
    const proxied = await fetch(`${server.url}/cdn-cgi/mf/scheduled`);
    expect(proxied.status).toBe(404);
    expect(server.output()).not.toContain("xception");
  });
});

test("[wire §1] a client behind a proxy with TLS gets addresses with TLS", async () => {
  const headers = { "X-Forwarded-Proto": "https" };
  const response = await fetch(`${server.url}/v1/route?appId=parley-dev&secure=1`, { headers });
  expect((await response.json()) as object).toMatchObject({ server: expect.stringMatching(/^wss:/) });
});

test("a request whose Host is none is refused, and is no error of the server", async () => {
  for (const host of ["%", "~", "[", "a b", "im.example.com:99999"]) {
    for (const path of ["/", "/page.js", "/healthz", "/files/x"]) {
      const status = await statusOf(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect([host, path, status < 500]).toEqual([host, path, true]);
    }
  }
  expect(server.output()).not.toMatch(/xception|TypeError/);
});

async function statusOf(head: string): Promise<number> {
  const socket = connect(server.port, "127.0.0.1");
  socket.write(head);
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    answer += text;
  });
  await once(socket, "close");
  return Number(answer.split(" ")[1] ?? 0);
}
