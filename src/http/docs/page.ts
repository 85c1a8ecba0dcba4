import { html, raw } from "hono/html";
import { isObject, type Json, type JsonObject } from "../../model/json.ts";
import { toBase64 } from "../../protocol/base64.ts";
import { type ListedError, listedErrors, listedHttpErrors } from "./error-list.ts";
import { exampleOf, outline } from "./outline.ts";

/** The page's only style. The policy allows it by its digest, and nothing else. */
const STYLE = `
:root { color-scheme: light dark; --line: #8884; --dim: #777; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
article { margin: 2rem 0; }
h3 { margin-bottom: 0; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { padding: .75rem; overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); }
.dim { color: var(--dim); }
`;

type Html = ReturnType<typeof html>;

interface Entry {
  method: string;
  path: string;
  operation: JsonObject;
}

/** The document as a page (`GET /docs`): no script, and nothing from other servers. */
export async function docsPage(document: JsonObject): Promise<{ policy: string; text: string }> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(STYLE));
  const hash = toBase64(new Uint8Array(digest));
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return { policy, text: String(await pageOf(document)) };
}

function pageOf(document: JsonObject): Html {
  const entries = entriesOf(document);
  const { info, components } = document;
  const tags = listOf(document.tags).filter(isObject);
  const taken = (tag: JsonObject) =>
    entries.filter(({ operation }) => listOf(operation.tags).includes(tag.name ?? ""));
  const schemes =
    isObject(components) && isObject(components.securitySchemes) ? components.securitySchemes : {};
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parley: HTTP API</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<h1>${field(info, "title")}: HTTP API</h1>
<p>${prose(info, "description")}</p>
<p>For programs: <a href="/openapi.json">openapi.json</a></p>
<ul>${tags.map((tag) => html`<li><a href="#${anchorOf(tag)}">${field(tag, "name")}</a></li>`)}</ul>
<p><a href="#errors">Errors</a></p>
<h2>Keys</h2>
<table>${Object.entries(schemes).map(
    ([name, scheme]) =>
      html`<tr><td><code>${name}</code></td><td><code>${field(scheme, "name")}</code></td><td>${prose(scheme, "description")}</td></tr>`,
  )}</table>
${tags.map(
  (tag) => html`<section id="${anchorOf(tag)}">
<h2>${field(tag, "name")}</h2>
<p>${prose(tag, "description")}</p>
${taken(tag).map(articleOf)}
</section>`,
)}
<section id="errors">
<h2>Errors</h2>
<p>A refusal is a status and <code>{"code": …, "error": …}</code>. These are the codes of the HTTP API; below are those that it shares with the protocol.</p>
${errorTable(listedHttpErrors())}
${errorTable(listedErrors())}
</section>
</body>
</html>`;
}

function errorTable(list: ListedError[]): Html {
  return html`<table><tr><th>code</th><th>meaning</th><th>what to do</th><th>retry</th></tr>${list.map(
    ({ code, name, meaning, advice, retry }) =>
      html`<tr><td>${code}</td><td>${name === undefined ? "" : html`<code>${name}</code> `}${meaning}</td><td>${advice}</td><td>${retry ? "yes" : "no"}</td></tr>`,
  )}</table>`;
}

function articleOf({ method, path, operation }: Entry): Html {
  const parameters = listOf(operation.parameters).filter(isObject);
  const body = schemaOf(operation.requestBody);
  const { responses } = operation;
  const answer = schemaOf(isObject(responses) ? responses["200"] : undefined);
  return html`<article id="${field(operation, "operationId")}">
<h3>${field(operation, "summary")}</h3>
<p><code>${method.toUpperCase()} ${path}</code> <span class="dim">${accessOf(operation)}</span></p>
${operation.description === undefined ? "" : html`<p>${prose(operation, "description")}</p>`}
${parameters.length > 0 ? html`<table>${parameters.map(parameterOf)}</table>` : ""}
${body === undefined ? "" : html`<p>Body</p><pre>${outline(body)}</pre>${exampleBlock(body)}`}
${answer === undefined ? "" : html`<p>Answer</p><pre>${outline(answer)}</pre>${exampleBlock(answer)}`}
</article>`;
}

function parameterOf(parameter: JsonObject): Html {
  const example = exampleOf(parameter.schema);
  return html`<tr>
<td><code>${field(parameter, "name")}</code></td>
<td>${outline(parameter.schema)}, in ${field(parameter, "in")}${parameter.required === true ? ", required" : ""}</td>
<td>${prose(parameter, "description")}
${example === undefined ? "" : html`<code class="dim">${typeof example === "string" ? example : JSON.stringify(example)}</code>`}</td>
</tr>`;
}

function exampleBlock(schema: JsonObject): Html | string {
  const example = exampleOf(schema);
  if (example === undefined) return "";
  const text = typeof example === "string" ? example : JSON.stringify(example, null, 2);
  return html`<pre class="dim">${text}</pre>`;
}

function accessOf(operation: JsonObject): string {
  const names = listOf(operation.security).flatMap((one) => (isObject(one) ? Object.keys(one) : []));
  if (names.includes("masterKey")) return "with the master key";
  return names.includes("key") ? "with the app key" : "without a key";
}

function entriesOf({ paths }: JsonObject): Entry[] {
  return Object.entries(isObject(paths) ? paths : {}).flatMap(([path, methods]) =>
    Object.entries(isObject(methods) ? methods : {}).flatMap(([method, operation]) =>
      isObject(operation) ? [{ method, path, operation }] : [],
    ),
  );
}

function schemaOf(carrier: Json | undefined): JsonObject | undefined {
  const content = isObject(carrier) ? carrier.content : undefined;
  const [only] = isObject(content) ? Object.values(content) : [];
  return isObject(only) && isObject(only.schema) ? only.schema : undefined;
}

const anchorOf = (tag: JsonObject): string =>
  field(tag, "name")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");

function field(value: Json | undefined, name: string): string {
  const text = isObject(value) ? value[name] : undefined;
  return typeof text === "string" ? text : "";
}

/** Text with code in backticks. */
function prose(value: Json | undefined, name: string): (Html | string)[] {
  return field(value, name)
    .split("`")
    .map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part));
}

const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
