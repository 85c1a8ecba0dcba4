import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Something beside Node that some tests need. Tests name it by their tag, and are skipped where it is missing. */
export interface Requirement {
  tag: string;
  /** The Debian packages that bring it; none where no package does. */
  packages: string[];
  isMet(): boolean;
}

export const requirements: Requirement[] = [
  { tag: "chromium", packages: ["chromium"], isMet: () => chromium !== undefined },
  programs("bash", ["bash"]),
  programs("curl", ["curl"]),
  programs("nginx", ["nginx-light"]),
  programs("caddy", ["caddy"]),
  programs("java", ["default-jdk-headless", "maven"], ["java", "javac", "mvn"]),
  programs("php", ["php-cli"]),
  { tag: "python", packages: ["python3-venv"], isMet: hasPython },
  programs("tar", ["tar", "gzip"], ["tar", "gzip"]),
  programs("prlimit", ["util-linux"]),
  { tag: "linux", packages: [], isMet: () => process.platform === "linux" },
  { tag: "root", packages: [], isMet: () => process.getuid?.() === 0 },
];

/** The path of Chromium, or of the browser that `CHROMIUM` names; undefined where there is none. */
export const chromium = process.env.CHROMIUM || pathOf("chromium");

function pathOf(program: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function programs(tag: string, packages: string[], names = [tag]): Requirement {
  return { tag, packages, isMet: () => names.every((name) => pathOf(name) !== undefined) };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Debian's Python comes without what a virtual environment needs. */
function hasPython(): boolean {
  try {
    execFileSync("python3", ["-c", "import venv, ensurepip"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

// `.ci/run` installs these.
if (import.meta.main) {
  console.log(requirements.flatMap(({ packages, isMet }) => (isMet() ? [] : packages)).join(" "));
}
