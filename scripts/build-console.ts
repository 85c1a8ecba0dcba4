import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { replaceFile } from "./replace-file.ts";

const CONSOLE = fileURLToPath(new URL("../console/", import.meta.url));
const OUTPUT = fileURLToPath(new URL("../dist/public/console/", import.meta.url));
const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Names have a hash of what is in them, so that browsers may keep them for ever. */
const common = {
  bundle: true,
  write: false,
  minify: true,
  metafile: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  absWorkingDir: ROOT,
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
} satisfies BuildOptions;

/**
 * Bundles console/ into dist/public/console: the sign-in page with files of its own, since nothing else is served without
 * a session, and the application, split by view. Throws if the build fails.
 */
export async function buildConsole(): Promise<void> {
  const [signIn, assets] = await Promise.all([
    bundle("sign-in", { entryPoints: [join(CONSOLE, "sign-in.tsx"), join(CONSOLE, "sign-in.css")] }),
    bundle("assets", {
      entryPoints: [join(CONSOLE, "main.tsx"), join(CONSOLE, "console.css")],
      splitting: true,
    }),
  ]);
  await writePage("sign-in.html", signIn);
  await writePage("index.html", assets);
  // Last, and slowly: another server may be serving the files of an earlier build.
  for (const folder of [signIn, assets]) await removeOthers(folder);
}

/** A built folder: its name, the names of its files, and of those that the page asks for. */
interface Built {
  folder: string;
  files: string[];
  scripts: string[];
  /** Scripts that the first one imports: the browser fetches them at once. */
  preloads: string[];
  styles: string[];
}

async function bundle(folder: string, options: BuildOptions): Promise<Built> {
  const outdir = join(OUTPUT, folder);
  const built = await build({ ...common, ...options, outdir, write: false, metafile: true });
  await mkdir(outdir, { recursive: true, mode: 0o755 });
  for (const { path, contents } of built.outputFiles) await replaceFile(path, contents);
  const nameOf = (path: string): string => relative(outdir, join(ROOT, path));
  const entries = Object.entries(built.metafile.outputs).filter(([, output]) =>
    output.entryPoint?.startsWith("console/"),
  );
  const scripts = entries.filter(([path, output]) => path.endsWith(".js") && isPage(output));
  return {
    folder,
    files: built.outputFiles.map(({ path }) => relative(outdir, path)),
    scripts: scripts.map(([path]) => nameOf(path)),
    preloads: [...new Set(scripts.flatMap(([path]) => importsOf(path, built.metafile)))].map(nameOf),
    styles: entries.filter(([path]) => path.endsWith(".css")).map(([path]) => nameOf(path)),
  };
}

/** Views are entry points too, of their own parts. */
const isPage = ({ entryPoint }: Metafile["outputs"][string]): boolean =>
  /^console\/(main|sign-in)\.tsx$/.test(entryPoint ?? "");

function importsOf(path: string, { outputs }: Metafile, seen = new Set<string>()): string[] {
  for (const { path: next, kind } of outputs[path]?.imports ?? []) {
    if (kind !== "import-statement" || seen.has(next)) continue;
    seen.add(next);
    importsOf(next, { outputs, inputs: {} }, seen);
  }
  return [...seen];
}

async function writePage(name: string, { folder, scripts, preloads, styles }: Built): Promise<void> {
  const at = (file: string): string => `/console/${folder}/${file}`;
  const head = [
    ...styles.map((file) => `<link rel="stylesheet" href="${at(file)}">`),
    ...preloads.map((file) => `<link rel="modulepreload" href="${at(file)}">`),
    ...scripts.map((file) => `<script type="module" src="${at(file)}"></script>`),
  ].join("\n    ");
  const template = await readFile(join(CONSOLE, "page.html"), "utf8");
  await replaceFile(join(OUTPUT, name), Buffer.from(template.replace("<!-- files -->", head)));
}

async function removeOthers({ folder, files }: Built): Promise<void> {
  const there = await readdir(join(OUTPUT, folder));
  for (const name of there) {
    if (!files.includes(name)) await rm(join(OUTPUT, folder, name), { force: true });
  }
}

if (import.meta.main) await buildConsole();
