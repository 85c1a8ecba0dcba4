import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { npmProgram } from "./packages.ts";
import type { PeerPackage } from "./peer.ts";

const run = promisify(execFile);

/** The versions of what was measured, by package. */
export async function serverVersions(installed: ReadonlySet<PeerPackage>): Promise<Record<string, string>> {
  const versions = [...installed].map(async (name) => [name, await versionOf(name)] as const);
  return Object.fromEntries(await Promise.all(versions));
}

async function versionOf(name: PeerPackage): Promise<string> {
  if (name === "socket.io" || name === "partyserver") {
    const text = await readFile(npmProgram(`node_modules/${name}/package.json`), "utf8");
    return /"version": "([^"]+)"/.exec(text)?.[1] ?? "unknown";
  }
  try {
    // Not of Debian's package: somebody installed it by hand.
    return (await run("dpkg-query", ["-W", "-f", `\${Version}`, name])).stdout;
  } catch {
    return "unknown";
  }
}
