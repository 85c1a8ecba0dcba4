import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** Developers run it to write the documents anew. */
const FOR_DEVELOPERS = ["scripts/errors-page.ts"];

/** Packages that a folder's modules import for more than their types, or require. */
async function importedBy(folder: string): Promise<string[]> {
  const files = (await readdir(join(ROOT, folder), { recursive: true })).filter((name) =>
    /\.(ts|js)$/.test(name),
  );
  const packages: string[] = [];
  for (const name of files) {
    if (FOR_DEVELOPERS.includes(join(folder, name))) continue;
    const text = await readFile(join(ROOT, folder, name), "utf8");
    for (const [, what = "", from = ""] of text.matchAll(
      /^(import|export)\b[^;]*? from "([^".][^"]*)";/gms,
    )) {
      const isType = new RegExp(`^${what} type\\b[^;]*? from "${from}"`, "ms").test(text);
      const [scope = "", name = ""] = from.split("/");
      if (!isType) packages.push(scope.startsWith("@") ? `${scope}/${name}` : scope);
    }
    for (const [, name = ""] of text.matchAll(/ = require\("([^"]+)"\)/g)) packages.push(name);
  }
  return [...new Set(packages)].filter((each) => !/^(node|cloudflare):/.test(each));
}

test("everything that npm start needs is installed without the packages for development", async () => {
  const { dependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const imported = await Promise.all(["src", "scripts", "page"].map(importedBy));
  const missing = imported.flat().filter((name) => !(name in dependencies));
  expect(imported.flat()).toEqual(expect.arrayContaining(["miniflare", "wrangler", "hono"]));
  expect(missing).toEqual([]);
});

test("the decision on dependencies names every package, and every version is exact", async () => {
  const { dependencies, devDependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const packages: Record<string, string> = { ...dependencies, ...devDependencies };
  const page = await readFile(join(ROOT, "docs/decisions/dependencies.md"), "utf8");
  expect(Object.keys(packages).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  expect(
    Object.values(packages).filter((version) => !/^(npm:[\w-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)),
  ).toEqual([]);
});
