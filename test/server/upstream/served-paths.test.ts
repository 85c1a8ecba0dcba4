import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

/** Paths of the API, each with the methods that are served. */
type Served = Record<string, string[]>;

async function served(): Promise<Served> {
  const response = await fetch(`${server.url}/openapi.json`);
  const { paths } = (await response.json()) as { paths: Record<string, object> };
  const ofApi = Object.entries(paths).filter(([path]) => /^\/1(?:\.\d)?\//.test(path));
  return Object.fromEntries(
    ofApi.map(([path, methods]) => [
      path,
      Object.keys(methods)
        .map((name) => name.toUpperCase())
        .toSorted(),
    ]),
  );
}

function documented(): Served {
  const text = readFileSync(join(import.meta.dirname, "../../../docs/pass-through.md"), "utf8");
  const rows = [...text.matchAll(/^\| `(\/1\.\d\/[^`]*)` \| ([A-Z, ]+) \|$/gm)];
  return Object.fromEntries(
    rows.map(([, path = "", methods = ""]) => [path, methods.split(", ").toSorted()]),
  );
}

test("docs/pass-through.md lists every path of the API that is served here, and no other", async () => {
  expect(documented()).toEqual(await served());
});
