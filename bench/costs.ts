import { readFileSync, writeFileSync } from "node:fs";
import type { BilledMeter } from "../src/usage/cost/prices.ts";
import { type Budget, budgetTable, isKept, workBudgets } from "./budgets.ts";
import { countCases } from "./cost-cases.ts";
import { costSections, withSections } from "./cost-document.ts";
import { millionCosts, type RecordedCounts, record } from "./cost-model.ts";
import { workDetails } from "./report.ts";
import type { Server } from "./server.ts";
import { decimal, table } from "./table.ts";
import { countWork } from "./work.ts";

export const COSTS_DOCUMENT = new URL("../docs/costs.md", import.meta.url);
const RECORDED_COUNTS = new URL("counted-costs.json", import.meta.url);

/**
 * Counts what messages cost, and prints it, with the budgets. Returns whether all of these are kept.
 *
 * @param start a server with everything counted
 * @param flags `--write` keeps the counts and writes docs/costs.md; `--recorded` writes it from the counts that are
 * kept, and counts nothing; `--details` prints the causes of the counts too
 */
export async function printCosts(
  start: () => Promise<Server>,
  appId: string,
  flags: ReadonlySet<string>,
): Promise<boolean> {
  if (flags.has("--recorded")) {
    const recorded = recordedCounts();
    const budgets = costBudgets(recorded);
    writeCosts(recorded);
    console.log(`${costTable(recorded)}\n\n${budgetTable(budgets)}`);
    console.log("\ndocs/costs.md is written, from the counts that were kept");
    return budgets.every(isKept);
  }
  const server = await start();
  const [work, cases] = await Promise.all([countWork(server.url, appId), countCases(start, appId)]);
  await server.stop();
  const recorded = record(cases, work);
  if (flags.has("--write")) writeCosts(recorded);
  console.log(costTable(recorded));
  const budgets = [...costBudgets(recorded), ...workBudgets(work)];
  console.log(`\n${budgetTable(budgets)}`);
  if (flags.has("--details")) console.log(`\n${workDetails([...cases, ...work])}`);
  return budgets.every(isKept);
}

/** What was counted last, to compute with other prices. */
export function recordedCounts(): RecordedCounts {
  return JSON.parse(readFileSync(RECORDED_COUNTS, "utf8"));
}

/** Keeps what was counted, and writes docs/costs.md anew from it. */
function writeCosts(recorded: RecordedCounts): void {
  writeFileSync(RECORDED_COUNTS, `${JSON.stringify(recorded, null, 2)}\n`);
  const document = readFileSync(COSTS_DOCUMENT, "utf8");
  writeFileSync(COSTS_DOCUMENT, withSections(document, costSections(recorded)));
}

export function costBudgets(recorded: RecordedCounts): Budget[] {
  return millionCosts(recorded).flatMap(({ name, dollars, budget }) =>
    budget === undefined
      ? []
      : [
          {
            name: `dollars for a million messages, ${name}`,
            limit: budget,
            kind: "at most",
            measured: dollars,
          },
        ],
  );
}

export function costTable(recorded: RecordedCounts): string {
  const rows = millionCosts(recorded).map(({ name, meters, dollars }) => {
    const of = (...some: BilledMeter[]) =>
      decimal(some.reduce((sum, meter) => sum + (meters[meter] ?? 0), 0));
    return [
      name,
      of("objectRowsWritten"),
      of("databaseRowsWritten"),
      of("objectRequests"),
      of("objectGigabyteSeconds"),
      of("queueOperations"),
      of("workerRequests", "workerMilliseconds", "objectRowsRead", "databaseRowsRead"),
      decimal(dollars),
    ];
  });
  const head = [
    "dollars for a million messages",
    "object rows",
    "D1 rows",
    "object requests",
    "awake",
    "queues",
    "the rest",
    "together",
  ];
  return table(head, rows);
}
