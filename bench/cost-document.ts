import { leanCloudBill } from "../src/usage/cost/cost.ts";
import { type BilledMeter, billedMeters, PRICES } from "../src/usage/cost/prices.ts";
import { costCases, monthCase } from "./cost-cases.ts";
import { type MillionCost, millionCosts, monthBill, type RecordedCounts } from "./cost-model.ts";

/** Daily users of the apps whose bills are shown. */
const APPS = [1_000, 10_000, 100_000];

const meterNames: Record<BilledMeter, string> = {
  workerRequests: "requests to the Worker",
  workerMilliseconds: "the Worker's processor",
  objectRequests: "requests to objects",
  objectGigabyteSeconds: "objects being awake",
  objectRowsWritten: "rows in objects",
  objectRowsRead: "rows read in objects",
  objectGigabytes: "storage of objects",
  databaseRowsWritten: "rows in D1",
  databaseRowsRead: "rows read in D1",
  databaseGigabytes: "storage of D1",
  queueOperations: "queues",
};

/** The generated parts of docs/costs.md, by the names of their markers. */
export function costSections(recorded: RecordedCounts): Record<string, string> {
  return {
    prices: pricesTable(),
    counts: countsTable(recorded),
    million: millionTable(millionCosts(recorded)),
    months: monthsTable(recorded),
  };
}

const BEGIN = (name: string) => `<!-- ${name}: written by npm run bench -- --costs --write -->`;
const END = "<!-- end -->";

/** A document with its generated parts made anew. Throws if a marker is missing. */
export function withSections(document: string, sections: Record<string, string>): string {
  let text = document;
  for (const [name, section] of Object.entries(sections)) {
    const start = text.indexOf(BEGIN(name));
    const end = text.indexOf(END, start);
    if (start < 0 || end < 0) throw new Error(`the document has no part "${name}"`);
    text = `${text.slice(0, start)}${BEGIN(name)}\n\n${section}\n\n${text.slice(end)}`;
  }
  return text;
}

function pricesTable(): string {
  const rows = billedMeters.map((meter) => {
    const { unit, price, per, included, source } = PRICES.meters[meter];
    const amount = per === 1 ? "1" : `${whole(per / 1e6)} million`;
    return [unit, included === 0 ? "0" : whole(included), `$${price} for ${amount}`, `[prices](${source})`];
  });
  return markdown(["meter", "included in a month", "then", ""], rows);
}

function countsTable({ cases }: RecordedCounts): string {
  const rows = [...costCases, monthCase].map(({ name }) => {
    const unit = cases[name];
    if (unit === undefined) throw new Error(`"${name}" was not counted`);
    const { objectRows, databaseRows, socketMessages, otherEvents, queued, workerRequests } = unit;
    const counts = [objectRows, databaseRows, socketMessages, otherEvents, queued, workerRequests];
    return [name, ...counts.map((count) => count.toFixed(2))];
  });
  const head = [
    "one message",
    "rows in objects",
    "rows in D1",
    "messages on objects' sockets",
    "calls and alarms of objects",
    "messages of queues",
    "requests to the Worker",
  ];
  return markdown(head, rows);
}

function millionTable(costs: readonly MillionCost[]): string {
  const shown: (readonly [name: string, ...meters: BilledMeter[]])[] = [
    [meterNames.objectRowsWritten, "objectRowsWritten"],
    [meterNames.databaseRowsWritten, "databaseRowsWritten"],
    ["rows read in both", "objectRowsRead", "databaseRowsRead"],
    [meterNames.objectRequests, "objectRequests"],
    [meterNames.objectGigabyteSeconds, "objectGigabyteSeconds"],
    [meterNames.queueOperations, "queueOperations"],
    [meterNames.workerRequests, "workerRequests"],
    [meterNames.workerMilliseconds, "workerMilliseconds"],
  ];
  const rows = costs.map(({ name, meters, dollars, budget }) => [
    name,
    ...shown.map(([, ...added]) => money(added.reduce((sum, meter) => sum + (meters[meter] ?? 0), 0))),
    `**${money(dollars)}**`,
    budget === undefined ? "" : `${money(budget)}: ${dollars <= budget ? "kept" : "**missed**"}`,
  ]);
  return markdown(["a million messages", ...shown.map(([name]) => name), "together", "budget"], rows);
}

function monthsTable(recorded: RecordedCounts): string {
  const bills = APPS.map((users) => monthBill(recorded, users));
  const meters = billedMeters.filter((meter) => bills.some((bill) => (bill.meters[meter] ?? 0) >= 0.01));
  const rows = meters.map((meter) => [
    meterNames[meter],
    ...bills.map((bill) => money(bill.meters[meter] ?? 0)),
  ]);
  const gross = bills.map(({ meters: each }) =>
    money(Object.values(each).reduce((sum, cost) => sum + cost, 0)),
  );
  return markdown(
    ["a month, in dollars", ...APPS.map((users) => `${whole(users)} a day`)],
    [
      ...rows,
      ["together, as if nothing were included", ...gross],
      [
        "**the bill: the plan, and what is beyond it**",
        ...bills.map(({ dollars }) => `**${money(dollars)}**`),
      ],
      ["LeanCloud, as it was", ...APPS.map((users) => money(leanCloudBill(users, 0, PRICES)))],
    ],
  );
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const money = (dollars: number) => `$${dollars.toFixed(2)}`;
const whole = (value: number) => Math.round(value).toLocaleString("en");
