import { decimal, table, whole } from "../table.ts";
import type { AppLoad } from "./app-load.ts";
import { monthOf } from "./month.ts";
import { capacity, sharedOf } from "./scale-budgets.ts";
import { objectKinds } from "./unit-costs.ts";

/** D1 takes so much for a database. */
const DATABASE_BYTES = 10e9;

export function eventsTable(load: AppLoad): string {
  return table(
    [`${whole(load.users)} daily users`, "objects", "events/s, mean", "99.9 %", "busiest", "all"],
    objectKinds.map((kind) => {
      const { objects, mean, highest999, busiest, all } = load.events[kind];
      return [kind, whole(objects), rate(mean), rate(highest999), rate(busiest), rate(all)];
    }),
  );
}

/** What fills up first comes first. */
export function sharedTable(load: AppLoad): string {
  const rows = sharedOf(load)
    .map((one) => ({ ...one, capacity: capacity(one, load.users) }))
    .sort((one, other) => one.capacity - other.capacity);
  return table(
    ["one for everybody", "in the busiest hour, a second", "ceiling", "daily users that fill it"],
    rows.map((one) => [one.name, rate(one.rate), whole(one.ceiling), whole(roundedTo2(one.capacity))]),
  );
}

export function monthTable(loads: readonly AppLoad[]): string {
  const millions = (value = 0) => whole(value / 1e6);
  return table(
    [
      "the first month of daily users",
      "messages, M",
      "object requests, M",
      "object rows, M",
      "D1 rows, M",
      "queue operations, M",
      "D1 GB",
      "databases for a year",
      "objects' GB",
      "dollars",
      "for a million messages",
    ],
    loads.map((load) => {
      const { messages, use, dollars, databaseBytes } = monthOf(load);
      return [
        whole(load.users),
        millions(messages),
        millions(use.objectRequests),
        millions(use.objectRowsWritten),
        millions(use.databaseRowsWritten),
        millions(use.queueOperations),
        whole(use.databaseGigabytes ?? 0),
        whole(Math.ceil((12 * databaseBytes) / DATABASE_BYTES)),
        whole(use.objectGigabytes ?? 0),
        whole(dollars),
        decimal((1e6 * dollars) / messages),
      ];
    }),
  );
}

function rate(value: number): string {
  return value < 1 ? value.toPrecision(2) : value < 100 ? decimal(value) : whole(value);
}

function roundedTo2(value: number): number {
  return Number(value.toPrecision(2));
}
