import { type Budget, budgetTable, isKept } from "../budgets.ts";
import { simulateApp } from "./app-load.ts";
import { productOnCloudflare } from "./product.ts";
import { scaleBudgets } from "./scale-budgets.ts";
import { eventsTable, monthTable, sharedTable } from "./scale-report.ts";

const SIZES = [1e4, 1e6, 1e7];
export const SCALE_SEED = 1;

/** Simulates apps of some sizes and prints what they need. Returns the budgets that are missed. */
export function printScale(told: (what: string) => void, seed: number): Budget[] {
  const loads = SIZES.map((users) => {
    told(`${users.toLocaleString("en")} daily users`);
    return simulateApp(users, seed, productOnCloudflare());
  });
  for (const load of loads) console.log(`${eventsTable(load)}\n\n${sharedTable(load)}\n`);
  console.log(`${monthTable(loads)}\n`);
  const budgets = loads.flatMap(scaleBudgets);
  console.log(budgetTable(budgets));
  return budgets.filter((budget) => !isKept(budget));
}
