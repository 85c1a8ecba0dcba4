import { type BilledMeter, billedMeters, type Prices } from "./prices.ts";

/** How much of each meter was used. What is missing was not. */
export type Use = Partial<Record<BilledMeter, number>>;

export function addUse(one: Use, other: Use, times = 1): Use {
  const sum: Use = { ...one };
  for (const meter of billedMeters) {
    const more = other[meter];
    if (more !== undefined) sum[meter] = (sum[meter] ?? 0) + more * times;
  }
  return sum;
}

export function timesUse(use: Use, times: number): Use {
  return addUse({}, use, times);
}

/** Dollars by meter, beyond what a plan includes. */
export function costByMeter(use: Use, prices: Prices): Use {
  const costs: Use = {};
  for (const meter of billedMeters) {
    const { price, per } = prices.meters[meter];
    const used = use[meter];
    if (used !== undefined) costs[meter] = (used / per) * price;
  }
  return costs;
}

/** Dollars, as if nothing were included. */
export function costOf(use: Use, prices: Prices): number {
  return Object.values(costByMeter(use, prices)).reduce((sum, cost) => sum + cost, 0);
}

/** Dollars of a month with its plan, and what the plan includes taken off. */
export function billOf(month: Use, prices: Prices): number {
  const beyond: Use = {};
  for (const meter of billedMeters)
    beyond[meter] = Math.max(0, (month[meter] ?? 0) - prices.meters[meter].included);
  return prices.plan.perMonth + costOf(beyond, prices);
}

/** GB-s of objects that were awake for so many seconds. */
export function gigabyteSeconds(seconds: number, prices: Prices): number {
  return seconds * prices.objectMemoryGigabytes;
}

/** Dollars that LeanCloud took for a month of 30 days. @param calls a day, of the REST API and of `_Conversation` */
export function leanCloudBill(dailyUsers: number, calls: number, { leanCloud }: Prices): number {
  const {
    yuanPerDay,
    perDailyUsers,
    freeDailyUsers,
    yuanPerCalls,
    calls: perCalls,
    yuanPerDollar,
  } = leanCloud;
  const users = Math.max(0, dailyUsers - freeDailyUsers);
  const yuan = (users / perDailyUsers) * yuanPerDay + (calls / perCalls) * yuanPerCalls;
  return (30 * yuan) / yuanPerDollar;
}
