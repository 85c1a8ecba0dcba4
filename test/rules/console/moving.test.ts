import { expect, test } from "vitest";
import { byImportance, conditionOf, unexpectedCount } from "../../../console/views/moving/run-condition.ts";

const MINUTE = 60_000; // ms

test("a run that says it goes on, and has not reported for minutes, is shown as silent", () => {
  const run = { state: "running", updated_at: 10 * MINUTE } as const;
  expect(conditionOf(run, 12 * MINUTE)).toBe("running");
  expect(conditionOf(run, 14 * MINUTE)).toBe("silent");
  expect(conditionOf({ state: "done", updated_at: 0 }, 14 * MINUTE)).toBe("done");
});

test("differences that should not be come first, and they alone are counted", () => {
  const expected = { count: 500, expected: true };
  const few = { count: 1, expected: false };
  const many = { count: 7, expected: false };
  expect(byImportance([expected, few, many])).toEqual([many, few, expected]);
  expect(unexpectedCount([expected, few, many])).toBe(8);
});
