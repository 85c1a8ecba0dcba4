import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildConsole } from "./build-console.ts";
import { replaceFile } from "./replace-file.ts";

const PAGE = fileURLToPath(new URL("../page/", import.meta.url));
const OUTPUT = fileURLToPath(new URL("../dist/public/", import.meta.url));

/** Bundles page/ and console/ into dist/public, which wrangler and `npm start` serve. Throws if a build fails. */
export async function buildPage(): Promise<void> {
  await Promise.all([buildDemoPage(), buildConsole()]);
}

async function buildDemoPage(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: ["page.ts", "page.css", "push-worker.ts", "docs.ts", "docs.css"].map((name) =>
      join(PAGE, name),
    ),
    outdir: OUTPUT,
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: "es2022",
    // The SDK's dependencies use Node's name of the global object.
    define: { global: "globalThis" },
    logLevel: "warning",
  });
  await mkdir(OUTPUT, { recursive: true, mode: 0o755 });
  for (const { path, contents } of outputFiles) await replaceFile(path, contents);
  for (const name of ["index.html", "docs.html", "_headers"]) {
    await replaceFile(join(OUTPUT, name), await readFile(join(PAGE, name)));
  }
}

if (import.meta.main) await buildPage();
