import { beforeAll, expect, test } from "vitest";
import { savePassedRequest } from "../../../src/database/events.ts";
import { passedCalls } from "../../../src/database/moving.ts";
import { done, outcome, rest } from "../support/rest.ts";
import { openWorld, world } from "../support/world.ts";

beforeAll(() => openWorld());

interface Moving {
  runs: { run: string; command: string; state: string; updated_at: number; rows?: number }[];
  passed: { looked_at: number; calls: object[] };
}

const report = { command: "import", state: "running", started_at: 1_700_000_000_000 };

test("a run of a moving command is listed as it last reported", async () => {
  await done("PUT", "/admin/moving/import-of-tom", { ...report, stage: "messages", rows: 10 });
  await done("PUT", "/admin/moving/import-of-tom", { ...report, state: "done", rows: 20 });
  const { runs } = await done<Moving>("GET", "/admin/moving");
  expect(runs).toMatchObject([{ run: "import-of-tom", command: "import", state: "done", rows: 20 }]);
  expect(runs[0]).not.toHaveProperty("stage");
});

test("a report that comes late does not make a run of a moving command run that has ended", async () => {
  await done("PUT", "/admin/moving/import-of-jerry", { ...report, state: "stopped", why: "Ctrl+C" });
  await done("PUT", "/admin/moving/import-of-jerry", report);
  const { runs } = await done<Moving>("GET", "/admin/moving");
  expect(runs.find(({ run }) => run === "import-of-jerry")).toMatchObject({ state: "stopped" });
});

test("[I13] of the runs of moving commands the latest 20 are kept", async () => {
  for (let at = 0; at < 23; at += 1) await done("PUT", `/admin/moving/run-number-${at}`, report);
  const { runs } = await done<Moving>("GET", "/admin/moving");
  expect(runs).toHaveLength(20);
  expect(runs.map(({ run }) => run)).toContain("run-number-22");
});

test.each([
  ["another command", { ...report, command: "rm" }],
  ["a share of two", { ...report, share: 2 }],
  ["a long reason", { ...report, why: "x".repeat(501) }],
  ["too many stages", { ...report, stages: Array.from({ length: 41 }, () => ({})) }],
])("[I12] a report of a moving command with %s is refused", async (_, body) => {
  expect(await outcome(rest("PUT", "/admin/moving/run-of-jerry", body))).toBe("400 105");
});

test("requests that were passed on are counted by build and path, without ids", async () => {
  const record = { status: 200, failure: null, ms: 3, sent: 0, received: 9, userAgent: "Java/8.2.28" };
  const from = 1_700_000_000_000;
  for (const [at, path] of ["65537a0e0000000000000001", "65537a0e0000000000000002"].entries())
    await savePassedRequest(world.DB, {
      ...record,
      at: from + at,
      id: `passed-${at}`,
      method: "GET",
      path: `/1.1/classes/Post/${path}`,
    });
  const failed = { ...record, at: from + 5, id: "passed-5", failure: "timeout", status: null };
  await savePassedRequest(world.DB, { ...failed, method: "POST", path: "/1.1/functions/hello" });
  expect(await passedCalls(world.DB, 100)).toEqual({
    lookedAt: 3,
    from,
    calls: [
      {
        method: "GET",
        path: "/1.1/classes/Post/*",
        userAgent: "Java/8.2.28",
        count: 2,
        failed: 0,
        lastAt: from + 1,
      },
      {
        method: "POST",
        path: "/1.1/functions/hello",
        userAgent: "Java/8.2.28",
        count: 1,
        failed: 1,
        lastAt: from + 5,
      },
    ],
  });
});
