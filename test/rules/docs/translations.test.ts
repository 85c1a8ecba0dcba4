import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

/** The documents in Chinese give the commands, programs and names of settings of the English ones. */

const ROOT = resolve(import.meta.dirname, "../../..");
const textOf = (path: string) => readFileSync(resolve(ROOT, path), "utf8");

/** The fenced pieces of a document without comments, which are translated. */
function blocksOf(path: string): string[] {
  const fenced = [...textOf(path).matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, inner = ""]) => inner);
  return fenced.map((text) => text.replace(/(^|\s)#.*$/gm, "").replace(/\n+/g, "\n"));
}

/** What a document has as code within its text: settings, paths, options, names. */
function namesOf(path: string): Set<string> {
  const prose = textOf(path).replace(/^```[\s\S]*?^```/gm, "");
  return new Set([...prose.matchAll(/`([^`\n]+)`/g)].map(([, name = ""]) => name));
}

test.each([
  ["README.zh.md", "README.md"],
  ["docs/moving.zh.md", "docs/moving.md"],
])("every command and program of %s is in %s", (translation, original) => {
  const blocks = blocksOf(original);
  expect(blocksOf(translation).filter((block) => !blocks.includes(block))).toEqual([]);
});

test("every setting, path and option that docs/moving.zh.md names is in docs/moving.md", () => {
  const names = namesOf("docs/moving.md");
  expect([...namesOf("docs/moving.zh.md")].filter((name) => !names.has(name))).toEqual([]);
});
