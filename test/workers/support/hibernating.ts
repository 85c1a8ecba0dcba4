import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FOLDER = "test/workers";

/**
 * Files about what the gateway or an isolate remembers, or about the form of answers: no object's memory decides
 * anything there. A storm of logins is counted once: objects that wake for each of them are its normal case.
 */
const UNAFFECTED = [
  ...["rate-limits", "overload", "login-storm", "push/made-up-devices"],
  ...["http/auth", "http/examples", "http/long-answers", "http/security"],
].map((name) => join(FOLDER, `${name}.test.ts`));

/**
 * The test files that let objects hibernate between commands, by themselves or through a helper that they import. The
 * others would do the same in both runs, so the second one leaves them out.
 */
export function hibernatingTests(): string[] {
  const known = new Map<string, boolean>();
  return readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .map((name) => join(FOLDER, name))
    .filter((file) => file.endsWith(".test.ts") && !UNAFFECTED.includes(file) && hibernates(file, known))
    .sort();
}

function hibernates(file: string, known: Map<string, boolean>): boolean {
  const before = known.get(file);
  if (before !== undefined) return before;
  known.set(file, false); // modules may import each other
  const text = readFileSync(file, "utf8");
  const calls = text.replaceAll("function maybeHibernate(", "").includes("maybeHibernate(");
  const imported = [...text.matchAll(/from "(\.[^"]+)"/g)].map(([, path = ""]) => join(dirname(file), path));
  const does =
    calls || imported.some((path) => path.startsWith("test/") && existsSync(path) && hibernates(path, known));
  known.set(file, does);
  return does;
}
