import * as v from "valibot";
import { beforeAll, expect, test } from "vitest";
import { exampleOf, isObject } from "../../../src/http/docs/outline.ts";
import * as example from "../../../src/http/examples.ts";
import type { Json, JsonObject } from "../../../src/protocol/json.ts";
import { loggedIn } from "../support/commands.ts";
import { http, masterKeys, openWorld, world } from "../support/world.ts";
import { misfit } from "./schema.ts";

/**
 * Every operation of the document, asked as its examples say. What the examples speak of is made first, and its
 * real ids take the place of theirs.
 */

interface Asked {
  method: string;
  path: string;
  operation: JsonObject;
}

const document: JsonObject = await (await http("/openapi.json")).json();

const operations: (Asked & { id: string })[] = Object.entries(objectIn(document, "paths")).flatMap(
  ([path, methods]) =>
    Object.entries(isObject(methods) ? methods : {}).flatMap(([method, operation]) =>
      isObject(operation) ? [{ id: String(operation.operationId), method, path, operation }] : [],
    ),
);

/** Without an engine there is nobody to ask; that it is asked is tested with one. */
const NEED_A_HOOK = new Set(["signLogin", "signLogin11"]);

beforeAll(() => openWorld());

test("the document names every operation once", () => {
  const ids = operations.map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(35);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each(operations)("[A-01 to A-08] $id does as its example says", async (asked) => {
  const response = await ask(asked);
  const text = await response.text();
  if (NEED_A_HOOK.has(asked.id)) {
    expect([response.status, text]).toEqual([404, expect.stringContaining("_rtmClientSign")]);
    return;
  }
  expect([response.status, text]).toEqual([200, expect.any(String)]);
  const { "200": ok } = objectIn(asked.operation, "responses");
  const answer: Json = JSON.parse(text);
  expect(misfit(schemaOf(ok), answer)).toBeUndefined();
});

async function ask({ method, path, operation }: Asked): Promise<Response> {
  const parameters = Array.isArray(operation.parameters) ? operation.parameters.filter(isObject) : [];
  let url = path;
  const query = new URLSearchParams();
  const headers: Record<string, string> = { ...masterKeys, "Content-Type": "application/json" };
  for (const { name, in: place, schema } of parameters) {
    const value = exampleOf(schema);
    if (typeof name !== "string" || value === undefined) continue;
    if (place === "path") url = url.replace(`{${name}}`, String(value));
    if (place === "query") query.set(name, String(value));
    if (place === "header") headers[name] = String(value);
  }
  const body = exampleOf(schemaOf(operation.requestBody));
  const request = { url: `${url}?${query}`, headers, body: body === undefined ? null : JSON.stringify(body) };
  const real: typeof request = JSON.parse(await made(JSON.stringify(request)));
  return http(real.url, { method: method.toUpperCase(), headers: real.headers, body: real.body });
}

/** A request with the ids of what was made for it. */
async function made(request: string): Promise<string> {
  let text = request.replaceAll("parley-dev", world.APP_ID);
  if (text.includes("the-token")) {
    text = text.replaceAll("the-token", (await loggedIn(example.READER)).token);
  }
  if (!text.includes(example.CONVERSATION) && !text.includes(example.MESSAGE)) return text;
  const conversation = await post("", { m: [example.SENDER, example.READER], c: example.SENDER });
  const id = v.parse(v.object({ objectId: v.string() }), conversation).objectId;
  text = text.replaceAll(example.CONVERSATION, id);
  if (!text.includes(example.MESSAGE)) return text;
  const message = await post(`/${id}/messages`, { from_client: example.SENDER, message: example.TEXT });
  const sent = v.parse(v.object({ "msg-id": v.string(), timestamp: v.number() }), message);
  return text
    .replaceAll(example.MESSAGE, sent["msg-id"])
    .replaceAll(`${example.MESSAGE_AT}`, `${sent.timestamp}`);
}

async function post(path: string, body: JsonObject): Promise<unknown> {
  const response = await http(`/1.2/rtm/conversations${path}`, {
    method: "POST",
    headers: masterKeys,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`cannot make what the example needs: ${await response.text()}`);
  return response.json();
}

function schemaOf(carrier: Json | undefined): Json | undefined {
  if (!isObject(carrier)) return undefined;
  return objectIn(objectIn(carrier, "content"), "application/json").schema;
}

function objectIn(from: JsonObject, name: string): JsonObject {
  const value = from[name];
  if (!isObject(value)) throw new Error(`${name} is not an object`);
  return value;
}
