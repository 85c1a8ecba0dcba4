import { type ConversionConfig, type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import type { Hono } from "hono";
import type * as v from "valibot";
import type { HttpEnv } from "../env.ts";
import { type Access, type Description, descriptionOf, type Operation, type TextBody } from "../operation.ts";

/** The paths of the OpenAPI document: every route whose handlers describe an operation. */
export function pathsOf(app: Hono<HttpEnv>): Record<string, Record<string, object>> {
  const described: Record<string, Record<string, Description[]>> = {};
  for (const { path, method, handler } of app.routes) {
    const description = descriptionOf(handler);
    if (description === undefined) continue;
    const [place, verb] = [path.replaceAll(/:(\w+)(?:\{[^}]+\})?/g, "{$1}"), method.toLowerCase()];
    described[place] ??= {};
    described[place][verb] ??= [];
    described[place][verb].push(description);
  }
  return mapValues(described, (methods) => mapValues(methods, operationOf));
}

/** A schema for the document. What JSON Schema has no word for, such as a check by a function, is left out. */
export function jsonSchemaOf(schema: v.GenericSchema, how: ConversionConfig = {}): JsonSchema {
  const { $schema, ...described } = toJsonSchema(schema, { ...how, errorMode: "ignore" });
  return described;
}

/** Members that are undefined are absent from the JSON. */
function operationOf(descriptions: Description[]): object {
  const [operation] = descriptions.flatMap((each) => ("operation" in each ? each.operation : []));
  if (operation === undefined) throw new Error("a route takes inputs but describes no operation");
  const { id, tag, summary, description, access } = operation;
  const parameters = descriptions.flatMap(parametersOf);
  const [body] = descriptions.flatMap(bodyOf);
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    security: security[access],
    parameters: parameters.length === 0 ? undefined : parameters,
    requestBody: body && { required: true, content: contentOf(body, { typeMode: "input" }) },
    responses: responsesOf(operation),
  };
}

/** A parameter is described as parsed, a body as it is written. */
function parametersOf(given: Description): object[] {
  if ("operation" in given) {
    const { headers = [] } = given.operation;
    return headers.map(({ name, description, example }) => {
      return { in: "header", name, description, schema: { type: "string", examples: [example] } };
    });
  }
  if (given.target === "json") return [];
  const place = given.target === "param" ? "path" : "query";
  const { properties = {}, required = [] } = jsonSchemaOf(given.schema, { typeMode: "output" });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = typeof property === "boolean" ? {} : property;
    return { in: place, name, schema, required: required.includes(name) || undefined, description };
  });
}

function bodyOf(given: Description): v.GenericSchema | TextBody | [] {
  if ("operation" in given) return given.operation.body ?? [];
  return given.target === "json" ? given.schema : [];
}

function responsesOf({ access, answer, status, isMetered }: Operation): object {
  // A value that may not be sent may be returned: it stands for a secret.
  const how: ConversionConfig = { typeMode: "output", ignoreActions: ["not_value"] };
  return {
    [status ?? (answer === null ? 204 : 200)]: {
      description: "Done.",
      content: answer === null ? undefined : contentOf(answer, how),
    },
    401: access === "anyone" ? undefined : { $ref: "#/components/responses/Unauthorized" },
    429: isMetered ? { $ref: "#/components/responses/QuotaUsedUp" } : undefined,
    "4XX": { $ref: "#/components/responses/Refused" },
    "5XX": { $ref: "#/components/responses/Failed" },
  };
}

function contentOf(body: v.GenericSchema | TextBody, how: ConversionConfig): object {
  const [media, schema] = "text" in body ? ["text/plain", body.text] : ["application/json", body];
  return { [media]: { schema: jsonSchemaOf(schema, how) } };
}

const security: Record<Access, Record<string, string[]>[]> = {
  anyone: [],
  app: [
    { appId: [], key: [] },
    { appId: [], signature: [] },
  ],
  master: [
    { appId: [], masterKey: [] },
    { appId: [], masterSignature: [] },
  ],
};

function mapValues<From, To>(from: Record<string, From>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, map(value)]));
}
