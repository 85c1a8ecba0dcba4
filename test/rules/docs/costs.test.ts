import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { costSections, withSections } from "../../../bench/cost-document.ts";
import { COSTS_DOCUMENT, recordedCounts } from "../../../bench/costs.ts";

test("the tables of docs/costs.md are those that the prices and the kept counts give", () => {
  const document = readFileSync(COSTS_DOCUMENT, "utf8");
  expect(document).toBe(withSections(document, costSections(recordedCounts())));
});
