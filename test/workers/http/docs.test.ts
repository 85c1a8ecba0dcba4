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

test("[I13] the OpenAPI document is built once, however often it is requested", async () => {
  expect((await http("/openapi.json")).status).toBe(200);
  const written = vi.spyOn(JSON, "stringify");
  for (const _ of [1, 2]) expect((await http("/openapi.json")).status).toBe(200);
  const isDocument = (value: unknown) => typeof value === "object" && value !== null && "openapi" in value;
  expect(written.mock.calls.filter(([value]) => isDocument(value))).toEqual([]);
});

test("the OpenAPI document lists every error of the API and of the protocol", async () => {
  const { info } = await (await get("/openapi.json")).json<{ info: { description: string } }>();
  for (const row of ["| 107 | the body is no JSON", "`CONVERSATION_NOT_FOUND`"]) {
    expect(info.description).toContain(row);
  }
});
