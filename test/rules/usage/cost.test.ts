import { expect, test } from "vitest";
import { billOf, costOf, leanCloudBill } from "../../../src/usage/cost/cost.ts";
import { PRICES } from "../../../src/usage/cost/prices.ts";
import { useOfCounts } from "../../../src/usage/cost/use-of-counts.ts";
import { noUsage } from "../../../src/usage/usage-report.ts";

test("[G-07] a million rows in objects and three in D1 cost four dollars, beyond what a plan includes", () => {
  expect(costOf({ objectRowsWritten: 1e6, databaseRowsWritten: 3e6 }, PRICES)).toBeCloseTo(4, 6);
});

test("[G-07] a bill is the plan's price, and what is beyond the plan of each meter by itself", () => {
  expect(billOf({ objectRowsWritten: 50e6, databaseRowsWritten: 50e6 }, PRICES)).toBe(5);
  expect(billOf({ objectRowsWritten: 51e6, databaseRowsWritten: 1e6 }, PRICES)).toBeCloseTo(6, 6);
});

test("[G-07] twenty messages on sockets are billed as one request, a message of a queue as three operations", () => {
  const use = useOfCounts({ ...noUsage(), socketMessages: 20, otherEvents: 1, queued: 2 }, PRICES);
  expect(use).toMatchObject({ objectRequests: 2, queueOperations: 6 });
});

test("[G-07] LeanCloud took 427.5 yuan for 10,000 daily users in a month, and nothing for 500", () => {
  expect(leanCloudBill(10_000, 0, PRICES) * PRICES.leanCloud.yuanPerDollar).toBeCloseTo(427.5, 6);
  expect(leanCloudBill(500, 0, PRICES)).toBe(0);
});
