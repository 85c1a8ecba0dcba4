import type { Reporter, TestModule } from "vitest/node";
import { requirements } from "./requirements.ts";

/** Ends a run with a line about the tests that did not run because this machine lacks something. */
export class RequirementsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const line = lineAbout(modules);
    // The other reporters print their summaries first.
    if (line !== undefined) process.once("exit", () => console.log(line));
  }
}

function lineAbout(modules: readonly TestModule[]): string | undefined {
  const skipped = modules.flatMap((module) => [...module.children.allTests("skipped")]);
  const missing = requirements
    .filter(({ isMet }) => !isMet())
    .map(({ tag, packages }) => ({ tag, packages, tests: skipped.filter(({ tags }) => tags.includes(tag)) }))
    .filter(({ tests }) => tests.length > 0);
  if (missing.length === 0) return undefined;
  const count = new Set(missing.flatMap(({ tests }) => tests)).size;
  const reasons = missing.map(({ tag, tests }) => `${tag} (${tests.length})`).join(", ");
  const packages = missing.flatMap((requirement) => requirement.packages);
  const remedy = packages.length === 0 ? "" : ` On Debian: apt-get install ${packages.join(" ")}`;
  return `${count} tests did not run, because this machine lacks ${reasons}.${remedy}`;
}
