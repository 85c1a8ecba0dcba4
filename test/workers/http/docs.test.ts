import { afterEach, describe, expect, test, vi } from "vitest";
import { http } from "../support/world.ts";
import { ask } from "./ask.ts";

const get = (path: string) => ask(`http://im.example.com${path}`);

interface Described {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; security: object[]; responses: object }>>;
  components: { securitySchemes: object };
}

describe("GET /openapi.json", () => {
  test("GET /openapi.json describes every operation with its callers and errors", async () => {
    const response = await get("/openapi.json");
    expect(response.status).toBe(200);
    const { openapi, paths, components } = await response.json<Described>();
    expect(openapi).toBe("3.1.0");
    expect(Object.keys(components.securitySchemes)).toContain("masterKey");
    const send = paths["/1.2/rtm/conversations/{id}/messages"]?.post;
    expect(send).toMatchObject({
      operationId: "sendMessage",
      security: [{ masterKey: [] }, { masterSignature: [] }],
      responses: { 200: {}, 401: {}, 429: {}, "4XX": {}, "5XX": {} },
    });
    expect(paths["/1.2/rtm/clients/{client}/unread-count"]?.get?.security).toMatchObject([{ key: [] }, {}]);
    expect(paths["/v1/route"]?.get?.security).toEqual([]);
  });

  test("GET /openapi.json returns the same each time", async () => {
    const [first, second] = [
      await (await get("/openapi.json")).text(),
      await (await get("/openapi.json")).text(),
    ];
    expect(second).toBe(first);
  });
});

afterEach(() => void vi.restoreAllMocks());

test("[I13] the OpenAPI document and its page are built once, however often they are requested", async () => {
  const paths = ["/openapi.json", "/docs"];
  for (const path of paths) expect((await http(path)).status).toBe(200);
  // What making them takes: the document becomes text, and the page's style a digest.
  const written = vi.spyOn(JSON, "stringify");
  const digested = vi.spyOn(crypto.subtle, "digest");
  for (const path of [...paths, ...paths]) expect((await http(path)).status).toBe(200);
  const isDocument = (value: unknown) => typeof value === "object" && value !== null && "openapi" in value;
  expect(written.mock.calls.filter(([value]) => isDocument(value))).toEqual([]);
  expect(digested).not.toHaveBeenCalled();
});

describe("GET /docs", () => {
  test("GET /docs is a page that may load nothing but its own style", async () => {
    const response = await get("/docs");
    const policy = response.headers.get("Content-Security-Policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'/);
    const page = await response.text();
    const style = /<style>(.*)<\/style>/s.exec(page)?.[1] ?? "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    expect(policy).toContain(btoa(String.fromCharCode(...new Uint8Array(digest))));
    expect(page).not.toMatch(/<script|style="|onload|(src|href)="?https?:|url\(/);
  });

  test("GET /docs escapes text", async () => {
    const page = await (await get("/docs")).text();
    expect(page).toContain("&lt;master key&gt;,master");
    expect(page).not.toContain("<master key>");
    expect(page).toContain("&quot;_lctext\\&quot;");
  });
});
