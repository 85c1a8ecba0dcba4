import { beforeAll, describe, expect, test } from "vitest";
import { REPORT_WEIGHT } from "../../src/usage/usage-meter.ts";
import { usageOf } from "../../src/usage/usage-of.ts";
import { say } from "../support/chat.ts";
import { caughtUp } from "./support/commands.ts";
import { archivedAs } from "./support/d1.ts";
import { pairChat } from "./support/pair-chat.ts";
import { done, outcome, rest } from "./support/rest.ts";
import { appKeys, http, openWorld, world } from "./support/world.ts";

/** What is counted of that which the platform bills (G-07). The isolate of these tests is one, and shows all. */

beforeAll(async () => {
  // An isolate's first report counts for isolates that never report. It is made here, before anything is compared, and
  // with it go the conversations of test files before this one.
  const usage = usageOf(world);
  usage.add("frames", 1_000 * REPORT_WEIGHT);
  await usage.reportIfDue();
  await openWorld();
});

interface Used {
  messages: number;
  used: Record<string, number>;
  dollars: number;
  conversations: { id: string; messages: number; rows: number }[];
}

interface Usage {
  from: string;
  to: string;
  days: (Used & { day: string })[];
  totals: Used;
}

const usageNow = () => done<Usage>("GET", "/admin/usage");

describe("GET /admin/usage", () => {
  test("[G-07] messages, rows in objects and in D1, and requests are counted where they arise", async () => {
    const { toms, jerrys, chat } = await pairChat();
    await caughtUp(chat, toms, jerrys);
    await say(toms, chat, "first");
    await archivedAs(chat, ["first"]);
    const { totals: before } = await usageNow();
    for (const text of ["Cheese?", "More cheese?"]) {
      await say(toms, chat, text);
      await jerrys.message(text);
    }
    await archivedAs(chat, ["first", "Cheese?", "More cheese?"]);
    const { totals: after, days } = await usageNow();
    const grown = (name: string) => (after.used[name] ?? 0) - (before.used[name] ?? 0);
    expect(after.messages - before.messages).toBe(2);
    // One for each in the log; the alarm beside them.
    expect(grown("objectRowsWritten")).toBeGreaterThanOrEqual(2);
    expect(grown("objectRowsWritten")).toBeLessThan(12);
    // One for each; their conversation's row may come later.
    expect(grown("databaseRowsWritten")).toBeGreaterThanOrEqual(2);
    expect(grown("databaseRowsWritten")).toBeLessThan(12);
    expect(grown("objectRequests")).toBeGreaterThan(0);
    expect(grown("workerRequests")).toBeGreaterThan(0);
    expect(after.dollars).toBeGreaterThan(before.dollars);
    expect(days.map(({ day }) => day)).toContain(new Date().toISOString().slice(0, 10));
    expect(after.conversations.find(({ id }) => id === chat)).toMatchObject({ messages: 3 });
  });

  test("[G-07] days are chosen by from and to, both included, at most 100 of them", async () => {
    const usage = await done<Usage>("GET", "/admin/usage?from=2020-01-01&to=2020-01-31");
    expect(usage).toMatchObject({ from: "2020-01-01", to: "2020-01-31", days: [], totals: { messages: 0 } });
    for (const query of [
      "from=2026-02-01&to=2026-01-01",
      "from=2020-01-01&to=2020-12-31",
      "from=yesterday",
      "to=2026-02-31",
    ]) {
      expect([query, await outcome(rest("GET", `/admin/usage?${query}`))]).toEqual([query, "400 1"]);
    }
  });

  test("[G-07] nobody sees it without the master key", async () => {
    expect((await http("/admin/usage", { headers: appKeys })).status).toBe(401);
  });
});
