import { expect, test } from "vitest";
import { PRICES } from "../../../src/usage/cost/prices.ts";
import { usageOfDays } from "../../../src/usage/usage-over-days.ts";
import { noUsage } from "../../../src/usage/usage-report.ts";

test("[G-07] dollars and amounts are told to nine decimals, without what binary fractions add", () => {
  const counts = { ...noUsage(), objectRows: 100_000, databaseRows: 200_000, frames: 3, databaseRowsRead: 1 };
  const day = { counts, conversations: [] };
  const { all } = usageOfDays([[20_000, day]], PRICES);
  // 3 × 0.1 ms, and 0.1 + 0.2 dollars.
  expect(all.use.workerMilliseconds).toBe(0.3);
  // The processor's time costs 6e-9 dollars, the row that is read 1e-9.
  expect(all.dollars).toBe(0.300000007);
  expect(all.costs).toMatchObject({
    objectRowsWritten: 0.1,
    databaseRowsWritten: 0.2,
    databaseRowsRead: 1e-9,
  });
});
