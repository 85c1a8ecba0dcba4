import { expect, test } from "vitest";
import { type DifferenceCount, reportBody } from "../../../scripts/moving/report-body.ts";

const run = { command: "verify" as const, source: "export-1", startedAt: 1_700_000_000_000 };

const difference = (at: number, more: Partial<DifferenceCount> = {}): DifferenceCount => ({
  what: "messages",
  why: `is missing ${at}`,
  count: 1,
  isExpected: true,
  ids: [],
  ...more,
});

const bodyOf = (differences: DifferenceCount[]) =>
  JSON.parse(reportBody(run, { state: "running" }, undefined, { differences }));

test("a report has what should not differ first, then what there is most of", () => {
  const { differences } = bodyOf([
    difference(1),
    difference(2, { count: 7 }),
    difference(3, { isExpected: false, ids: ["Tom"] }),
  ]);
  expect(
    differences.map(({ why, expected, ids }: DifferenceCount & { expected: boolean }) => [
      why,
      expected,
      ids,
    ]),
  ).toEqual([
    ["is missing 3", false, ["Tom"]],
    ["is missing 2", true, []],
    ["is missing 1", true, []],
  ]);
});

test("a report of more kinds of differences than a server takes counts the rest in its last entry", () => {
  const { differences } = bodyOf(Array.from({ length: 250 }, (_, at) => difference(at, { count: 2 })));
  expect(differences).toHaveLength(100);
  expect(differences.at(-1)).toMatchObject({ what: "others", count: 2 * 151, expected: true });
  const total = differences.reduce((sum: number, { count }: DifferenceCount) => sum + count, 0);
  expect(total).toBe(500);
});

test("a report with long reasons and many ids is smaller than a server takes", () => {
  const long = {
    why: "查无此人".repeat(200),
    what: "会话".repeat(100),
    ids: Array.from({ length: 20 }, () => "鱼".repeat(300)),
  };
  const text = reportBody(
    { ...run, source: `/${"export".repeat(100)}/last` },
    { state: "stopped", why: "没有回答".repeat(400) },
    { stage: "classes/".repeat(40), rows: 3, share: 0.5 },
    {
      stages: Array.from({ length: 60 }, () => ({
        stage: "x".repeat(99),
        added: 1,
        changed: 2,
        kept: 3,
        refused: 4,
      })),
      differences: Array.from({ length: 300 }, (_, at) => difference(at, long)),
    },
  );
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64_000);
  const body = JSON.parse(text);
  expect(body.stages).toHaveLength(40);
  expect(body.why).toHaveLength(500);
  expect(body.source).toMatch(/\/last$/);
  expect(body.differences.length).toBeGreaterThan(0);
});
