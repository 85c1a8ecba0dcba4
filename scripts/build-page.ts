import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const PAGE = fileURLToPath(new URL("../page/", import.meta.url));
const OUTPUT = fileURLToPath(new URL("../dist/public/", import.meta.url));

/** Bundles page/ into dist/public, which both wrangler and `npm start` serve. Throws when it does not build. */
export async function buildPage(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [join(PAGE, "page.ts"), join(PAGE, "push-worker.ts"), join(PAGE, "page.css")],
    outdir: OUTPUT,
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: "es2022",
    // The SDK's dependencies look for Node's name of the global object.
    define: { global: "globalThis" },
    logLevel: "warning",
  });
  await mkdir(OUTPUT, { recursive: true, mode: 0o755 });
  for (const { path, contents } of outputFiles) await replace(path, contents);
  for (const name of ["index.html", "_headers"]) {
    await replace(join(OUTPUT, name), await readFile(join(PAGE, name)));
  }
}

/** Whole or not at all, and only when it differs: another server may be serving the same folder. */
async function replace(path: string, contents: Uint8Array): Promise<void> {
  const former = await readFile(path).catch(() => undefined);
  if (former?.equals(contents)) return;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, contents);
  // Whoever runs the server next may be somebody else; what is secret is not here.
  await chmod(draft, 0o644);
  await rename(draft, path);
}

if (import.meta.main) await buildPage();
