import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

/** From the top to the bottom. */
const LAYERS = [
  ...["http", "gateway", "client", "conversation", "relay", "hooks", "moderation", "push", "files"],
  ...["upstream", "mirror"],
  ...["users", "console", "settings", "metrics", "app", "usage"],
  ...["database", "outbound", "queue", "protocol", "model"],
];
const PLATFORM = 'export { DurableObject } from "cloudflare:workers";\n';

let folder: string;
/** Files that the linter complains of, each with the rules it breaks. */
let complaints: Map<string, Set<string>>;

/** Modules that import what their names say, in a folder with nothing but the linter's own settings. */
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "layers-")));
  for (const name of ["biome.json", "biome.layers.jsonc"]) await cp(name, join(folder, name));
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const [rank, layer] of LAYERS.entries()) {
    await write(`src/${layer}/noun.ts`, "export type Noun = string;\n");
    await write(`src/${layer}/platform.ts`, PLATFORM);
    await write(`src/${layer}/deep/bindings.ts`, 'export type { Env } from "../../bindings.ts";\n');
    for (const [otherRank, other] of LAYERS.entries()) {
      if (other === layer) continue;
      const way = otherRank < rank ? "up" : "down";
      await write(`src/${layer}/${way}-${other}.ts`, `export type { Noun } from "../${other}/noun.ts";\n`);
    }
  }
  await write("src/bindings.ts", "export type Env = string;\n");
  await write("src/helper.ts", 'export type { Noun } from "./protocol/noun.ts";\n');
  const fromOther = (other: string, mine: string) =>
    `import type { ${other} } from "./${other.toLowerCase()}.ts";\nexport type ${mine} = ${other} | string;\n`;
  await write("src/push/one.ts", fromOther("Two", "One"));
  await write("src/push/two.ts", fromOther("One", "Two"));
  complaints = await lint(folder);
}, 60_000);

afterAll(() => rm(folder, { recursive: true }));

async function lint(path: string): Promise<Map<string, Set<string>>> {
  const biome = join(process.cwd(), "node_modules/.bin/biome");
  const options = ["lint", "--max-diagnostics=none", "--reporter=github", "src"];
  const output = await new Promise<string>((settle) => {
    execFile(biome, options, { cwd: path, maxBuffer: 10_000_000 }, (_, stdout) => settle(stdout));
  });
  const found = new Map<string, Set<string>>();
  for (const [, rule = "", file = ""] of output.matchAll(/title=lint\/\w+\/(\w+),file=([^,]+)/g)) {
    const name = resolve(path, file).slice(path.length + 1);
    found.set(name, (found.get(name) ?? new Set()).add(rule));
  }
  return found;
}

const complainedOf = (rule: string, name: RegExp) =>
  [...complaints].flatMap(([file, rules]) => (rules.has(rule) && name.test(file) ? [file] : [])).sort();

test("every folder of src has its place among the layers", async () => {
  const entries = await readdir("src", { withFileTypes: true });
  const folders = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  expect(folders.sort()).toEqual(LAYERS.toSorted());
});

test("the linter refuses every import, of a type too, by a layer from one above it", () => {
  const up = LAYERS.flatMap((layer, rank) =>
    LAYERS.slice(0, rank).map((other) => `src/${layer}/up-${other}.ts`),
  );
  expect(complainedOf("noRestrictedImports", /\/up-/)).toEqual(up.sort());
});

test("the linter allows a layer to import from every layer below it", () => {
  expect(complainedOf("noRestrictedImports", /\/down-/)).toEqual([]);
});

test("the linter refuses a cycle of imports that are types alone", () => {
  expect(complainedOf("noImportCycles", /./)).toEqual(["src/push/one.ts", "src/push/two.ts"]);
});

test("the linter refuses the platform in every layer", () => {
  expect(complainedOf("noRestrictedImports", /platform/)).toEqual(
    LAYERS.map((layer) => `src/${layer}/platform.ts`).sort(),
  );
});

test("the linter refuses the bindings in the layers that call no object, and layers in helpers", () => {
  const without = ["database", "model", "outbound", "protocol", "queue"];
  expect(complainedOf("noRestrictedImports", /bindings|helper/)).toEqual(
    ["src/helper.ts", ...without.map((layer) => `src/${layer}/deep/bindings.ts`)].sort(),
  );
});

test("only the shells of objects and entrypoints import the platform", async () => {
  const files = (await readdir("src", { recursive: true })).filter((file) => file.endsWith(".ts"));
  const importing: string[] = [];
  for (const file of files) {
    if ((await readFile(join("src", file), "utf8")).includes('from "cloudflare:workers"'))
      importing.push(file);
  }
  expect(importing.filter((file) => !/-(object|entrypoint)\.ts$/.test(file))).toEqual([]);
  expect(importing).not.toEqual([]);
});
