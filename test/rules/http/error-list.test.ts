import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { errorsPage, listedErrors } from "../../../src/http/docs/error-list.ts";

test("docs/errors.md lists every error of the tables", async () => {
  const page = await readFile(new URL("../../../docs/errors.md", import.meta.url), "utf8");
  expect(page, "npm run generate writes it").toBe(errorsPage());
});

test("every error has a meaning and a remedy, and no code has two meanings", () => {
  const all = listedErrors();
  for (const { meaning, advice } of all) expect([meaning, advice]).not.toContain("");
  expect(new Set(all.map(({ code }) => code)).size).toBe(all.length);
});
