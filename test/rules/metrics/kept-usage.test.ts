import { beforeEach, describe, expect, test } from "vitest";
import { KeptUsage } from "../../../src/metrics/kept-usage.ts";
import { metricsTables } from "../../../src/metrics/metrics-tables.ts";
import { noUsage, type UsageReport } from "../../../src/usage/usage-report.ts";
import { MemorySql } from "../../support/sqlite.ts";

let kept: KeptUsage;

beforeEach(() => {
  kept = new KeptUsage(metricsTables(new MemorySql()));
});

const report = (reporter: string, number: number, days: Record<number, number>): UsageReport => ({
  reporter,
  number,
  days: Object.fromEntries(
    Object.entries(days).map(([day, messages]) => [
      day,
      {
        counts: { ...noUsage(), messages },
        conversations: [{ id: `of ${reporter}`, messages, rows: 0, inherited: 0 }],
      },
    ]),
  ),
});

const nothing: UsageReport = { reporter: "asking", number: 1, days: {} };
const messages = (unreported = nothing) =>
  kept.read(0, 100_000, unreported).map(([day, { counts }]) => [day, counts.messages]);

describe("usage by days", () => {
  test("[G-07] reports of several isolates are added up by days", () => {
    kept.store(report("one", 1, { 20000: 3, 20001: 4 }));
    kept.store(report("two", 1, { 20001: 5 }));
    expect(messages()).toEqual([
      [20_000, 3],
      [20_001, 9],
    ]);
    const [day] = kept.read(20_001, 20_001, nothing);
    expect(day?.[1].conversations.map(({ id }) => id)).toEqual(["of two", "of one"]);
  });

  test("[G-07] a repeated report counts once, also after others, and after the object slept", () => {
    const sql = new MemorySql();
    kept = new KeptUsage(metricsTables(sql));
    kept.store(report("one", 1, { 20000: 3 }));
    kept.store(report("two", 1, { 20000: 5 }));
    kept = new KeptUsage(metricsTables(sql));
    kept.store(report("one", 1, { 20000: 3 }));
    expect(messages()).toEqual([[20_000, 8]]);
  });

  test("[G-07] who asks is told what it has not reported, unless that arrived meanwhile", () => {
    kept.store(report("one", 1, { 20000: 3 }));
    expect(messages(report("one", 1, { 20000: 3 }))).toEqual([[20_000, 3]]);
    expect(messages(report("one", 2, { 20000: 4 }))).toEqual([[20_000, 7]]);
  });

  test("[G-07] a day of ten thousand reporters and conversations stays a row of some kilobytes", () => {
    const sql = new MemorySql();
    kept = new KeptUsage(metricsTables(sql));
    for (let reporter = 0; reporter < 2_000; reporter += 1)
      kept.store(report(crypto.randomUUID(), 1, { 20000: 1 }));
    const [row] = sql.exec<{ bytes: number }>("SELECT length(content) AS bytes FROM days").toArray();
    expect(row?.bytes).toBeLessThan(50_000);
    expect(messages()).toEqual([[20_000, 2_000]]);
    // On a busy machine it takes longer than Vitest allows a test.
  }, 20_000);

  test("[G-07] days older than 400 are removed", () => {
    kept.store(report("one", 1, { 20000: 3 }));
    kept.store(report("one", 2, { 20399: 3 }));
    expect(messages()).toHaveLength(2);
    kept.store(report("one", 3, { 20400: 3 }));
    expect(messages().map(([day]) => day)).toEqual([20_399, 20_400]);
  });
});
