import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ENTRY = fileURLToPath(new URL("../src/index.ts", import.meta.url));

/** The Worker as one ES module, much as `wrangler deploy` bundles it. Throws when it does not build. */
export async function bundleWorker(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "warning",
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error("nothing came out of src/index.ts");
  return output.text;
}
