import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { expect, test } from "vitest";

/** The documents' links lead to something, and the files they name are there. */

const ROOT = resolve(import.meta.dirname, "../../..");
const pages = [
  ...readdirSync(ROOT),
  ...readdirSync(resolve(ROOT, "docs"), { recursive: true, encoding: "utf8" }).map((name) => `docs/${name}`),
].filter((path) => path.endsWith(".md"));

const textOf = (path: string) => readFileSync(resolve(ROOT, path), "utf8");
const withoutCode = (text: string) => text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");

/** The anchors that GitHub makes of headings: of equal ones, the second has a number. */
function anchorsOf(text: string): Set<string> {
  const counts = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, title = ""] of text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#{1,6} +(.+)$/gm)) {
    const plain = title.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = plain
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-");
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  for (const [, id = ""] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

/** The links of a page that lead nowhere. */
function deadLinksOf(page: string): string[] {
  const links = [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return links
    .filter((target) => !/^[a-z]+:/i.test(target))
    .filter((target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : relative(ROOT, resolve(ROOT, dirname(page), path));
      if (!existsSync(resolve(ROOT, file))) return true;
      return anchor !== undefined && file.endsWith(".md") && !anchorsOf(textOf(file)).has(anchor);
    });
}

test.each(pages)("every link of %s leads to a file, and to a heading in it", (page) => {
  expect(deadLinksOf(page)).toEqual([]);
});

/** The files and folders of the repository that a page names as code; some pages leave out `src/`. */
function missingFilesOf(page: string): string[] {
  const named = [...textOf(page).matchAll(/`((?:[a-z0-9.-]+\/)+[a-z0-9.-]*)`/g)].map(([, path = ""]) => path);
  const isOurs = (path: string) =>
    /^(src|test|scripts|bench|docs|migrations|page)\//.test(path) || /^[a-z]+\/.*\.ts$/.test(path);
  return named.filter(
    (path) => isOurs(path) && !existsSync(resolve(ROOT, path)) && !existsSync(resolve(ROOT, "src", path)),
  );
}

test.each(pages)("every file and folder of the repository that %s names is there", (page) => {
  expect(missingFilesOf(page)).toEqual([]);
});

test("the first page of the architecture stays under 200 lines", () => {
  expect(textOf("docs/architecture.md").split("\n").length).toBeLessThanOrEqual(201);
});

test("every rule that a test's title names is in docs/rules.md", () => {
  const tests = readdirSync(resolve(ROOT, "test"), { recursive: true, encoding: "utf8" });
  const titles = tests.filter((name) => name.endsWith(".test.ts")).map((name) => textOf(`test/${name}`));
  const named = titles.flatMap((text) =>
    [...text.matchAll(/\[([LI]\d+(?:\.\d+)?)\]/g)].map(([, id = ""]) => id),
  );
  const rules = textOf("docs/rules.md");
  const isRule = (id: string) => rules.includes(`**${id}** `) || rules.includes(`**${id}. `);
  expect([...new Set(named)].filter((id) => !isRule(id))).toEqual([]);
});

test("every bound that docs/limits.md names is in src/bounds.ts or src/request-bounds.ts", () => {
  const named = [...textOf("docs/limits.md").matchAll(/`([A-Z_]{4,})`/g)].map(([, name = ""]) => name);
  const bounds = textOf("src/bounds.ts") + textOf("src/request-bounds.ts");
  expect(named.filter((name) => !bounds.includes(`export const ${name} `))).toEqual([]);
});
