import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { configure, masterKeys, openWorld, world } from "../support/world.ts";
import { ask } from "./ask.ts";
import { storeFile } from "./stored-files.ts";

const FILES = "https://files.example.com";
const API = "https://im.example.com";

const keys = [
  "V0Fkk5nJ.png",
  "a/b/c.png",
  "prefix//double.png",
  "/leading.png",
  "trailing/",
  "猫/🧀 1+1.png",
  "percent%41.png",
  "100%.png",
  "a/../b.png",
  "healthz.png",
  "v1/route",
  "files/V0Fkk5nJ.png",
  "admin/settings",
  "openapi.json",
  "script.js",
];

beforeAll(async () => {
  await openWorld();
  for (const key of keys) await storeFile({ key, bytes: `bytes of ${key}` });
});

afterEach(() => configure({ files: { url: null, domains: null } }));

describe("the files' own domain", () => {
  test.each(keys)("an imported file has its old address %s on the domain of files", async (key) => {
    await configure({ files: { url: FILES } });
    const path = key.split("/").map(encodeURIComponent).join("/");
    const isPath = new URL(`${FILES}/${path}`).pathname === `/${path}`;
    const response = await ask(`${FILES}/${isPath ? path : encodeURIComponent(key)}`);
    expect([response.status, await response.text()]).toEqual([200, `bytes of ${key}`]);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(response.headers.get("Access-Control-Expose-Headers")).toContain("Content-Range");
    expect(response.headers.get("Cache-Control")).toContain("immutable");
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
  });

  test("nothing of the API is on the domain of files, whatever the method and the keys", async () => {
    await configure({ files: { url: FILES } });
    for (const path of [
      "/",
      "/1.1/rtm/sign",
      "/admin/health",
      "/1.2/rtm/conversations",
      "/docs",
      "/demo/config",
      "/files/nope",
    ]) {
      const response = await ask(FILES + path, { headers: masterKeys });
      expect([path, response.status, await response.json()]).toEqual([
        path,
        404,
        { code: 404, error: "Not found." },
      ]);
      expect(response.headers.get("Cache-Control")).toBe("no-store");
    }
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const response = await ask(`${FILES}/${keys[0]}`, { method, headers: masterKeys });
      expect([response.status, response.headers.get("Allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    }
    const connect = vi.fn(() => new Response("a socket"));
    const socket = await ask(`${FILES}/rtm`, { headers: { Upgrade: "websocket" }, connect });
    expect([socket.status, connect.mock.calls.length]).toEqual([404, 0]);
  });

  test("a preflight for a file passes on the domain of files, and allows reading alone", async () => {
    await configure({ files: { url: FILES } });
    const response = await ask(`${FILES}/${keys[0]}`, {
      method: "OPTIONS",
      headers: { Origin: "https://app.example.com", "Access-Control-Request-Headers": "range" },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Methods")).toBe("GET,HEAD");
    expect(response.headers.get("Access-Control-Allow-Headers")).toContain("Range");
  });

  test("ranges, HEAD and questions about a picture work on the domain of files", async () => {
    await configure({ files: { url: FILES } });
    const part = await ask(`${FILES}/${keys[0]}`, { headers: { Range: "bytes=0-4" } });
    expect([part.status, await part.text()]).toEqual([206, "bytes"]);
    const head = await ask(`${FILES}/${keys[0]}`, { method: "HEAD" });
    expect([head.status, head.headers.get("Content-Length"), await head.text()]).toEqual([200, "21", ""]);
    expect(await (await ask(`${FILES}/${keys[0]}?imageInfo`)).json()).toEqual({});
  });

  test("listed domains have files too, under any port, letter case or final dot that a browser may send", async () => {
    await configure({ files: { domains: ["old.example.com", "files.localhost:8787"] } });
    for (const host of [
      "https://old.example.com",
      "http://old.example.com",
      "https://OLD.example.com",
      "https://old.example.com:443",
      "https://old.example.com.",
      "http://files.localhost:8787",
    ])
      expect([host, (await ask(`${host}/${keys[0]}`)).status]).toEqual([host, 200]);
    for (const host of ["https://old.example.com:444", "https://xold.example.com", API])
      expect([host, (await ask(`${host}/${keys[0]}`)).status]).toEqual([host, 404]);
  });

  test("the Host header says which domain was asked", async () => {
    await configure({ files: { url: FILES } });
    const asked = (host: string) => ask(`http://127.0.0.1:8787/${keys[0]}`, { headers: { Host: host } });
    expect((await asked("files.example.com")).status).toBe(200);
    expect((await asked("im.example.com")).status).toBe(404);
  });

  test("an address of files with a path leaves its host to the API", async () => {
    await configure({ files: { url: `${FILES}/files` } });
    expect((await ask(`${FILES}/files/${keys[0]}`)).status).toBe(200);
    expect((await ask(`${FILES}/healthz`)).status).toBe(200);
    expect((await ask(`${FILES}/${keys[0]}`)).status).toBe(404);
  });

  test("the host that the API is asked on cannot become one of files alone", async () => {
    for (const files of [{ url: API }, { url: `${API}/` }, { domains: ["im.example.com"] }]) {
      const response = await ask(`${API}/admin/settings`, {
        method: "PATCH",
        headers: masterKeys,
        body: JSON.stringify({ files }),
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        code: 105,
        error: "files: this is the API's own host; files need another, or a path such as /files",
      });
    }
    const fine = await ask(`${API}/admin/settings`, {
      method: "PATCH",
      headers: masterKeys,
      body: JSON.stringify({ files: { url: `${API}/files` } }),
    });
    expect(fine.status).toBe(200);
  });

  test.each([
    "files.example.com/",
    "https://files.example.com",
    "FILES.example.com",
    "a b",
    "",
    "files.example.com:443",
  ])("%j is not a host for the setting files.domains", async (domain) => {
    const response = await ask(`${API}/admin/settings`, {
      method: "PATCH",
      headers: masterKeys,
      body: JSON.stringify({ files: { domains: [domain] } }),
    });
    expect(response.status).toBe(400);
  });

  test("[I11] once the settings are known, a request waits for no D1 to find out what its host is for", async () => {
    await configure({ files: { url: FILES } });
    const silent = Object.assign(Object.create(world.DB), { prepare: () => new Promise(() => {}) });
    // The same database to the cache of the settings.
    const started = Date.now();
    expect((await ask(`${API}/healthz`, { env: { DB: silent } })).status).toBe(200);
    expect(Date.now() - started).toBeLessThan(1_000);
  });
});
