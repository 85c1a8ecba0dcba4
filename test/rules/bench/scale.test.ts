import { describe, expect, test } from "vitest";
import { isKept } from "../../../bench/budgets.ts";
import { recordedCounts } from "../../../bench/costs.ts";
import { type AppLoad, type Deployment, relaysFor, simulateApp } from "../../../bench/scale/app-load.ts";
import { monthOf, sharedBy } from "../../../bench/scale/month.ts";
import { productOnCloudflare } from "../../../bench/scale/product.ts";
import { Rates } from "../../../bench/scale/rates.ts";
import { scaleBudgets } from "../../../bench/scale/scale-budgets.ts";
import { objectKinds, recordedUnitBudgets } from "../../../bench/scale/unit-costs.ts";

const USERS = 10_000;

function simulate(users = USERS, seed = 1, changes: Partial<Deployment> = {}): AppLoad {
  return simulateApp(users, seed, { ...productOnCloudflare(), ...changes });
}

function numbersOf(load: AppLoad) {
  const events = objectKinds.map((kind) => {
    const { objects, mean, highest999, busiest } = load.events[kind];
    return { kind, objects, mean, highest999, busiest };
  });
  return { events, month: monthOf(load), shared: sharedBy(load) };
}

const missedOf = (load: AppLoad) =>
  scaleBudgets(load)
    .filter((budget) => !isKept(budget))
    .map(({ name }) => name);

describe("the simulation of an app's load", () => {
  test("keeps every budget of scale with the product as it is", () => {
    expect(missedOf(simulate())).toEqual([]);
    expect(missedOf(simulate(100_000))).toEqual([]);
  });

  test("misses a budget if all clients report to one AppObject", () => {
    const missed = missedOf(simulate(USERS, 1, { appShards: 1, shardOf: () => 0 }));
    expect(missed).toEqual(["10,000 users: how many thousand would fill AppObject, the busiest of 1"]);
  });

  test("misses a budget if most clients are of one shard", () => {
    expect(missedOf(simulate(USERS, 1, { shardOf: (id) => (id.endsWith("7") ? 1 : 0) }))).toHaveLength(1);
  });

  test("misses a budget if a group may have so many members that its object cannot take their acknowledgements", () => {
    expect(missedOf(simulate(100_000, 1, { members: 5_000 }))).toEqual([
      "100,000 users: events a second of the busiest ConversationObject",
    ]);
  });

  test("gives the same numbers for the same seed, and others for another", () => {
    expect(numbersOf(simulate())).toEqual(numbersOf(simulate()));
    expect(numbersOf(simulate(USERS, 2))).not.toEqual(numbersOf(simulate()));
  });

  test("counts every message that people send, to a few percent whatever the seed", () => {
    for (const seed of [1, 2, 3]) {
      const { send } = simulate(USERS, seed).daily;
      expect(Math.abs(send / (USERS * 40) - 1)).toBeLessThan(0.15);
    }
  });

  test("grows with the number of users, but not the load of a single object", () => {
    const [small, large] = [simulate(), simulate(10 * USERS)];
    expect(Math.abs(large.daily.send / small.daily.send / 10 - 1)).toBeLessThan(0.15);
    expect(Math.abs(large.events.ClientObject.mean / small.events.ClientObject.mean - 1)).toBeLessThan(0.1);
  });
});

test("The simulation takes for each piece of work at least what was counted of it", () => {
  const budgets = recordedUnitBudgets(recordedCounts());
  expect(budgets).toHaveLength(18);
  expect(budgets.filter((budget) => !isKept(budget))).toEqual([]);
});

test("A room gets relays level by level once its own object is full", () => {
  expect([2_000, 2_001, 4_001, 100_000].map((present) => relaysFor(present, 2_000))).toEqual([0, 1, 3, 63]);
});

test("Rates tell the mean, the highest, and the one that one in a thousand is above", () => {
  const rates = new Rates();
  for (let rate = 1; rate <= 10_000; rate++) rates.add(rate);
  expect(rates).toMatchObject({ objects: 10_000, mean: 5_000.5, busiest: 10_000 });
  expect(Math.abs(rates.highest999 / 9_990 - 1)).toBeLessThan(0.025);
});
