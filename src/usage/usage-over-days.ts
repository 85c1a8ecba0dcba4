import type { BusyConversation } from "./busiest.ts";
import { costByMeter, costOf, type Use } from "./cost/cost.ts";
import type { Prices } from "./cost/prices.ts";
import { useOfCounts } from "./cost/use-of-counts.ts";
import { DAY, type DayUsage, sumOfUsages } from "./usage-report.ts";

/** Conversations that are told. */
const SHOWN = 20;

/** What was used in some time, and what that costs. */
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
    use,
    costs: costByMeter(use, prices),
    dollars: costOf(use, prices),
    conversations: conversations.slice(0, SHOWN),
  };
}
