import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ENTRY = new URL("../src/index.ts", import.meta.url);
/** The same with the entrypoint that a single machine has. */
export const FRONT_DOOR = new URL("./front-door.ts", import.meta.url);

/** A Worker as one ES module, bundled like `wrangler deploy`. Throws if the build fails. */
export async function bundleWorker(entry = ENTRY): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "warning",
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`nothing came out of ${entry}`);
  return output.text;
}
