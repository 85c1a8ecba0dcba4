import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type PeerPackage, peerPackages } from "./peer.ts";

const run = promisify(execFile);

/** What npm brings is installed beside the artifacts: nothing of it belongs to Parley. */
const NPM_FOLDER = new URL("../../artifacts/peers/", import.meta.url);
const NPM_VERSIONS = { "socket.io": "4.8.4", partyserver: "0.5.10" } as const;
/** Programs that import those packages, and so have to lie beside them. */
const NPM_PROGRAMS = ["socket-io-server.mjs", "party-worker.mjs"];

const DEBIAN = {
  ejabberd: { command: "ejabberdctl", packages: ["ejabberd", "erlang-p1-sqlite3"] },
  mosquitto: { command: "mosquitto", packages: ["mosquitto"] },
  prosody: { command: "prosody", packages: ["prosody"] },
} as const;

/** Debian starts the services of new packages unless this program forbids it. */
const SERVICE_POLICY = "/usr/sbin/policy-rc.d";
const FORBIDDEN = "#!/bin/sh\nexit 101\n";

/** Where a program that npm's packages need lies. */
export function npmProgram(name: string): URL {
  return new URL(name, NPM_FOLDER);
}

/** Where a command of the system lies; undefined if it is not installed. */
export function commandPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => `${folder}/${name}`).find(existsSync);
}

/** Installs what is missing and can be installed, and returns what is there. */
export async function installPeers(told: (what: string) => void): Promise<Set<PeerPackage>> {
  const skipped = (what: string) => (problem: unknown) => {
    const [line = ""] = (problem instanceof Error ? problem.message : String(problem)).split("\n");
    told(`${what} could not be installed: ${line}`);
  };
  await installDebian(told).catch(skipped("Debian's packages"));
  await installNpm().catch(skipped("npm's packages"));
  return new Set(
    peerPackages.filter((name) => {
      const here = isHere(name);
      if (!here) told(`${name} is not here: skipped`);
      return here;
    }),
  );
}

function isHere(name: PeerPackage): boolean {
  if (name === "socket.io" || name === "partyserver")
    return existsSync(new URL(`node_modules/${name}/`, NPM_FOLDER));
  return commandPath(DEBIAN[name].command) !== undefined;
}

async function installDebian(told: (what: string) => void): Promise<void> {
  const missing = Object.values(DEBIAN).filter(({ command }) => commandPath(command) === undefined);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || commandPath("apt-get") === undefined) {
    told("only root can install Debian's packages");
    return;
  }
  const forbid = !existsSync(SERVICE_POLICY);
  if (forbid) await writeFile(SERVICE_POLICY, FORBIDDEN, { mode: 0o755 });
  try {
    const packages = missing.flatMap(({ packages }) => packages);
    await run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      maxBuffer: 64 * 1024 * 1024,
    });
  } finally {
    if (forbid) await rm(SERVICE_POLICY);
  }
}

async function installNpm(): Promise<void> {
  await mkdir(NPM_FOLDER, { recursive: true });
  for (const name of NPM_PROGRAMS) await copyFile(new URL(name, import.meta.url), npmProgram(name));
  if (isHere("socket.io") && isHere("partyserver")) return;
  const packages = Object.entries(NPM_VERSIONS).map(([name, version]) => `${name}@${version}`);
  const folder = fileURLToPath(NPM_FOLDER);
  await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", folder, ...packages]);
}
