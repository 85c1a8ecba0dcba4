import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const PAGE = fileURLToPath(new URL("../page/", import.meta.url));
const OUTPUT = fileURLToPath(new URL("../dist/public/", import.meta.url));

/** Bundles page/ into dist/public, which wrangler and `npm start` serve. Throws if the build fails. */
export async function buildPage(): Promise<void> {
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
  for (const { path, contents } of outputFiles) await replace(path, contents);
  for (const name of ["index.html", "docs.html", "_headers"]) {
    await replace(join(OUTPUT, name), await readFile(join(PAGE, name)));
  }
}

/** Written atomically, and only if it differs: another server may be serving the same folder. */
async function replace(path: string, contents: Uint8Array): Promise<void> {
  const former = await readFile(path).catch(() => undefined);
  if (former?.equals(contents)) return;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, contents);
  // Readable by all: another user may run the server next, and nothing here is secret.
  await chmod(draft, 0o644);
  await rename(draft, path);
}

if (import.meta.main) await buildPage();
