import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { apiDocument } from "../src/http/app.ts";

/*
 * Writes the types of every operation of `/openapi.json`, in the form that openapi-fetch takes, for the console. They are
 * made at each type check and not committed. openapi-typescript needs the compiler API of TypeScript 5.
 */

const OUTPUT = fileURLToPath(new URL("../console/api/generated/paths.d.ts", import.meta.url));

const METHODS = ["get", "put", "post", "delete", "patch"] as const;

const reference = v.object({ $ref: v.string() });
const content = v.record(v.string(), v.object({ schema: v.optional(v.unknown()) }));
const response = v.object({ content: v.optional(content, {}) });
const operation = v.object({
  parameters: v.optional(
    v.array(
      v.object({ in: v.string(), name: v.string(), required: v.optional(v.boolean()), schema: v.unknown() }),
    ),
    [],
  ),
  requestBody: v.optional(v.object({ required: v.optional(v.boolean()), content })),
  responses: v.record(v.string(), v.union([reference, response])),
});
const described = v.object({
  components: v.object({ responses: v.record(v.string(), response) }),
  paths: v.record(v.string(), v.record(v.string(), v.unknown())),
});

const schemaShape = v.object({
  type: v.optional(v.union([v.string(), v.array(v.string())])),
  const: v.optional(v.unknown()),
  enum: v.optional(v.array(v.unknown())),
  anyOf: v.optional(v.array(v.unknown())),
  oneOf: v.optional(v.array(v.unknown())),
  allOf: v.optional(v.array(v.unknown())),
  items: v.optional(v.unknown()),
  prefixItems: v.optional(v.array(v.unknown())),
  properties: v.optional(v.record(v.string(), v.unknown())),
  required: v.optional(v.array(v.string()), []),
  additionalProperties: v.optional(v.unknown()),
});
type Schema = v.InferOutput<typeof schemaShape>;

/** A JSON Schema as a type. What it does not know is `unknown`. */
export function typeOf(value: unknown): string {
  const parsed = v.safeParse(schemaShape, value);
  if (!parsed.success) return "unknown";
  const schema = parsed.output;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map((each) => JSON.stringify(each)));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return union(choices.map(typeOf));
  if (schema.allOf !== undefined) return schema.allOf.map((each) => `(${typeOf(each)})`).join(" & ");
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  return types.length === 0 ? "unknown" : union(types.map((type) => typeNamed(type, schema)));
}

function typeNamed(type: string, schema: Schema): string {
  switch (type) {
    case "string":
    case "boolean":
    case "null":
    case "number":
      return type;
    case "integer":
      return "number";
    case "array":
      if (schema.prefixItems !== undefined) return `[${schema.prefixItems.map(typeOf).join(", ")}]`;
      return `(${typeOf(schema.items)})[]`;
    case "object":
      return objectType(schema);
    default:
      return "unknown";
  }
}

function objectType(schema: Schema): string {
  const fields = Object.entries(schema.properties ?? {}).map(
    ([name, field]) =>
      `${JSON.stringify(name)}${schema.required.includes(name) ? "" : "?"}: ${typeOf(field)};`,
  );
  const others = schema.additionalProperties;
  const known = `{ ${fields.join(" ")} }`;
  if (others === false || (others === undefined && fields.length > 0)) return known;
  const open = `{ [key: string]: ${others === undefined || others === true ? "unknown" : typeOf(others)} }`;
  return fields.length === 0 ? open : `${known} & ${open}`;
}

const union = (types: string[]): string => `(${[...new Set(types)].join(" | ") || "never"})`;

function parametersOf({ parameters }: v.InferOutput<typeof operation>): string {
  const places = ["query", "header", "path", "cookie"].map((place) => {
    const there = parameters.filter((each) => each.in === place);
    if (there.length === 0) return `${place}?: never;`;
    const isNeeded = there.some((each) => each.required);
    const fields = there.map(
      (each) => `${JSON.stringify(each.name)}${each.required ? "" : "?"}: ${typeOf(each.schema)};`,
    );
    return `${place}${isNeeded ? "" : "?"}: { ${fields.join(" ")} };`;
  });
  return `parameters: { ${places.join(" ")} };`;
}

const contentOf = (value: v.InferOutput<typeof content>): string =>
  Object.entries(value)
    .map(([type, { schema }]) => `${JSON.stringify(type)}: ${typeOf(schema)};`)
    .join(" ");

/** The declarations for a document. Throws where it has a form that none of ours has. */
export function pathTypes(document: object): string {
  const { paths, components } = v.parse(described, document);
  const responseOf = (value: v.InferOutput<typeof response> | v.InferOutput<typeof reference>) =>
    "$ref" in value ? components.responses[value.$ref.slice("#/components/responses/".length)] : value;
  const operationType = (value: unknown): string => {
    const parsed = v.parse(operation, value);
    const { requestBody } = parsed;
    const body =
      requestBody === undefined
        ? "requestBody?: never;"
        : `requestBody${requestBody.required ? "" : "?"}: { content: { ${contentOf(requestBody.content)} } };`;
    const responses = Object.entries(parsed.responses).map(([status, each]) => {
      const types = contentOf(responseOf(each)?.content ?? {});
      return `${JSON.stringify(/^\d+$/.test(status) ? Number(status) : status)}: { headers: { [name: string]: unknown }; content: ${types === "" ? '{ "application/json"?: never }' : `{ ${types} }`} };`;
    });
    return `{ ${parametersOf(parsed)} ${body} responses: { ${responses.join(" ")} } }`;
  };
  const each = Object.entries(paths).map(([path, item]) => {
    const methods = METHODS.map((method) =>
      item[method] === undefined ? `${method}?: never;` : `${method}: ${operationType(item[method])};`,
    );
    return `  ${JSON.stringify(path)}: {\n    ${methods.join("\n    ")}\n  };`;
  });
  return `/* Made by scripts/openapi-types.ts. */\nexport interface paths {\n${each.join("\n")}\n}\n`;
}

if (import.meta.main) {
  await mkdir(dirname(OUTPUT), { recursive: true });
  await writeFile(OUTPUT, pathTypes(JSON.parse(JSON.stringify(apiDocument()))));
}
