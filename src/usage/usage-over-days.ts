import type { BusyConversation } from "./busiest.ts";
import { costByMeter, costOf, type Use } from "./cost/cost.ts";
import { billedMeters, type Prices } from "./cost/prices.ts";
import { useOfCounts } from "./cost/use-of-counts.ts";
import { DAY, type DayUsage, sumOfUsages } from "./usage-report.ts";

/** Conversations that are told. */
const SHOWN = 20;

/** Decimals of dollars and of what was used: reading a row of D1 costs a billionth of a dollar. */
const DECIMALS = 9;

/** What was used in some time, and what that costs, to nine decimals. */
export interface PricedUsage {
  messages: number;
  use: Use;
  /** Dollars by meter, and together, as if a plan included nothing. */
  costs: Use;
  dollars: number;
  /** The busiest, by messages and rows. */
  conversations: BusyConversation[];
}

export interface UsageOfDays {
  days: (PricedUsage & { /** Its beginning (ms). */ at: number })[];
  all: PricedUsage;
}

/** @param days by days since 1970 */
export function usageOfDays(days: readonly [number, DayUsage][], prices: Prices): UsageOfDays {
  return {
    days: days.map(([day, usage]) => ({ at: day * DAY, ...priced(usage, prices) })),
    all: priced(
      sumOfUsages(
        days.map(([, usage]) => usage),
        Number.POSITIVE_INFINITY,
      ),
      prices,
    ),
  };
}

function priced({ counts, conversations }: DayUsage, prices: Prices): PricedUsage {
  const use = useOfCounts(counts, prices);
  return {
    messages: counts.messages,
    use: rounded(use),
    costs: rounded(costByMeter(use, prices)),
    dollars: toDecimals(costOf(use, prices)),
    conversations: conversations.slice(0, SHOWN),
  };
}

/** Without what binary fractions add: 0.3 instead of 0.30000000000000004. */
const toDecimals = (amount: number) => Number(amount.toFixed(DECIMALS));

function rounded(use: Use): Use {
  const shown: Use = {};
  for (const meter of billedMeters) {
    const amount = use[meter];
    if (amount !== undefined) shown[meter] = toDecimals(amount);
  }
  return shown;
}
