import type { Budget } from "../budgets.ts";
import type { AppLoad } from "./app-load.ts";
import { monthOf, sharedBy } from "./month.ts";
import type { ObjectKind } from "./unit-costs.ts";

/**
 * What one thing takes a second before it queues: an object that writes 200 to 500 requests by Cloudflare's guide, a
 * queue 5,000 messages by its limit. D1 does one thing at a time.
 */
export const ceilings = {
  object: 500,
  queue: 5_000,
  databaseTime: 1_000,
  databaseRows: 5_000,
  dollars: 14,
} as const;

/** Something that all users pass through, alone or as one of a few shards. */
export interface Shared {
  name: string;
  /** A second, of the busiest one in the busiest hour. */
  rate: number;
  ceiling: number;
  /** Daily users with whom it must not be at its ceiling. */
  holds: number;
}

const TEN_MILLION = 1e7;

export function sharedOf(load: AppLoad): Shared[] {
  const { databaseTime, databaseRows, events, pushes } = sharedBy(load);
  const object = (kind: ObjectKind, holds: number): Shared => ({
    name: kind === "AppObject" ? `AppObject, the busiest of ${load.deployment.appShards}` : kind,
    rate: load.events[kind].busiest,
    ceiling: ceilings.object,
    holds,
  });
  return [
    object("AppObject", TEN_MILLION),
    object("PushObject", TEN_MILLION),
    object("MetricsObject", TEN_MILLION),
    { name: "queue of events", rate: events, ceiling: ceilings.queue, holds: 5e6 },
    { name: "queue of pushes", rate: pushes, ceiling: ceilings.queue, holds: 5e6 },
    // Each copy of messages writes to the one database with the conversation's row, and each push asks it twice.
    { name: "D1's index, ms", rate: databaseTime, ceiling: ceilings.databaseTime, holds: 150_000 },
    { name: "D1's index, rows", rate: databaseRows, ceiling: ceilings.databaseRows, holds: 1e6 },
  ];
}

/** Daily users with whom it would be at its ceiling. */
export function capacity({ rate, ceiling }: Shared, users: number): number {
  return (users * ceiling) / rate;
}

/** Objects of which there are many: more users are more objects, and only the busiest matters. */
const many = ["ConversationObject", "ClientObject", "RelayObject"] as const;

export function scaleBudgets(load: AppLoad): Budget[] {
  const size = load.users.toLocaleString("en");
  const busiest = many.map(
    (kind): Budget => ({
      name: `${size} users: events a second of the busiest ${kind}`,
      limit: ceilings.object,
      kind: "at most",
      measured: load.events[kind].busiest,
    }),
  );
  const shared = sharedOf(load).map(
    (one): Budget => ({
      name: `${size} users: how many thousand would fill ${one.name}`,
      limit: one.holds / 1_000,
      kind: "at least",
      measured: capacity(one, load.users) / 1_000,
    }),
  );
  const { dollars, messages } = monthOf(load);
  const money: Budget = {
    name: `${size} users: dollars for a million messages, everything included`,
    limit: ceilings.dollars,
    kind: "at most",
    measured: (1e6 * dollars) / messages,
  };
  return [...busiest, ...shared, money];
}
