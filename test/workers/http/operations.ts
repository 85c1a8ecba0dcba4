import { isObject, type Json, type JsonObject } from "../../../src/model/json.ts";
import { http } from "../support/world.ts";
import { exampleOf } from "./example-of.ts";

/** An operation as the OpenAPI document has it. */
export interface Described {
  id: string;
  /** In capitals. */
  method: string;
  path: string;
  operation: JsonObject;
}

/** Every operation there is: what is not in the document is no operation. */
export async function allOperations(): Promise<Described[]> {
  const document: JsonObject = await (await http("/openapi.json")).json();
  return Object.entries(objectIn(document, "paths")).flatMap(([path, methods]) =>
    Object.entries(isObject(methods) ? methods : {}).flatMap(([method, operation]) =>
      isObject(operation)
        ? [{ id: String(operation.operationId), method: method.toUpperCase(), path, operation }]
        : [],
    ),
  );
}

/** A request that does as the operation's examples say. */
export function exampleRequest({ method, path, operation }: Described) {
  const parameters = Array.isArray(operation.parameters) ? operation.parameters.filter(isObject) : [];
  let url = path;
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  for (const { name, in: place, schema } of parameters) {
    const value = exampleOf(schema);
    if (typeof name !== "string" || value === undefined) continue;
    if (place === "path") url = url.replace(`{${name}}`, encodeURIComponent(String(value)));
    if (place === "query") query.set(name, String(value));
    if (place === "header") headers[name] = String(value);
  }
  const { media, schema } = contentOf(operation.requestBody);
  const body = exampleOf(schema);
  if (media !== undefined) headers["content-type"] = media;
  const written = typeof body === "string" ? body : JSON.stringify(body);
  return { method, url: `${url}?${query}`, headers, body: body === undefined ? null : written };
}

/** Whose key an operation takes: `masterKey`, `key`, or undefined where it takes none. */
export function accessTo({ operation }: Described): "masterKey" | "key" | undefined {
  const schemes = Array.isArray(operation.security) ? operation.security : [];
  const names = schemes.flatMap((scheme) => (isObject(scheme) ? Object.keys(scheme) : []));
  if (names.includes("masterKey")) return "masterKey";
  return names.includes("key") ? "key" : undefined;
}

/** What a body or an answer is described as. */
export function contentOf(carrier: Json | undefined): { media?: string; schema?: Json | undefined } {
  if (!isObject(carrier) || !isObject(carrier.content)) return {};
  const [[media, described] = []] = Object.entries(carrier.content);
  return media === undefined || !isObject(described) ? {} : { media, schema: described.schema };
}

/** The one success that an operation describes, by its status. */
export function successOf({ operation }: Described): { status: number; schema: Json | undefined } {
  const [[status, answer] = []] = Object.entries(objectIn(operation, "responses"));
  return { status: Number(status), schema: contentOf(answer).schema };
}

function objectIn(from: JsonObject, name: string): JsonObject {
  const value = from[name];
  if (!isObject(value)) throw new Error(`${name} is not an object`);
  return value;
}
