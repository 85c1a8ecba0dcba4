import * as v from "valibot";
import file from "../../../bench/prices.json" with { type: "json" };

/** What the platform bills. */
export const billedMeters = [
  "workerRequests",
  "workerMilliseconds",
  "objectRequests",
  "objectGigabyteSeconds",
  "objectRowsWritten",
  "objectRowsRead",
  "objectGigabytes",
  "databaseRowsWritten",
  "databaseRowsRead",
  "databaseGigabytes",
  "queueOperations",
] as const;
export type BilledMeter = (typeof billedMeters)[number];

const amount = v.pipe(v.number(), v.minValue(0));
const divisor = v.pipe(v.number(), v.gtValue(0));

const priced = v.object({
  unit: v.string(),
  /** Dollars for `per` of the unit. */
  price: amount,
  per: divisor,
  /** How many of the unit a month's plan includes. */
  included: amount,
  source: v.string(),
});

const prices = v.object({
  currency: v.literal("USD"),
  asOf: v.pipe(v.string(), v.isoDate()),
  plan: v.object({ name: v.string(), perMonth: amount, source: v.string() }),
  /** The memory that an object is billed for while it is awake, however much it uses. */
  objectMemoryGigabytes: divisor,
  meters: v.object({
    workerRequests: priced,
    workerMilliseconds: priced,
    objectRequests: priced,
    objectGigabyteSeconds: priced,
    objectRowsWritten: priced,
    objectRowsRead: priced,
    objectGigabytes: priced,
    databaseRowsWritten: priced,
    databaseRowsRead: priced,
    databaseGigabytes: priced,
    queueOperations: priced,
  }),
  /** What LeanCloud took, to compare with. */
  leanCloud: v.object({
    yuanPerDay: amount,
    perDailyUsers: divisor,
    freeDailyUsers: amount,
    yuanPerCalls: amount,
    calls: divisor,
    yuanPerDollar: divisor,
    source: v.string(),
  }),
});

export type Prices = v.InferOutput<typeof prices>;

/** The prices of `bench/prices.json`, which an owner may edit; the next build has them. */
export const PRICES: Prices = v.parse(prices, file);
