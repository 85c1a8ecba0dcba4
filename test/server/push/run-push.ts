import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Runs the command as `npm run push` does.
 *
 * @param folder from which it is called
 */
export async function runPush(
  args: string[],
  env: Record<string, string>,
  folder = ROOT,
): Promise<{ code: number | null; output: string }> {
  const command = ["scripts/push.ts", ...args];
  const child = spawn(join(ROOT, "node_modules/.bin/node"), command, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, INIT_CWD: folder, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const [code] = await once(child, "close");
  return { code, output };
}
