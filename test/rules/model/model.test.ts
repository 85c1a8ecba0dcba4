import { createHash } from "node:crypto";
import { afterAll, beforeAll, test, vi } from "vitest";
import { Cluster } from "../../simulation/cluster.ts";
import { Network } from "../../simulation/network.ts";
import { type Scenario, ScenarioRun } from "./scenario.ts";

/*
 * Runs what people do with several devices through the real rules of gateway, client and conversation, over a network
 * that a seed steps, and compares the result with a plain model of what was acknowledged. More seeds:
 * `SEEDS=2000 npx vitest run --project rules test/rules/model`; a trace of a failing seed:
 * `TRACE=1 SEED=7 SEEDS=1 npx vitest run --project rules test/rules/model -t "title"`.
 */

/** Scenarios in which everything happens; the others each leave something out and run with fewer seeds. */
const FULL = Number(process.env.SEEDS ?? 200);
const PARTIAL = Number(process.env.SEEDS ?? 60);
const FIRST = Number(process.env.SEED ?? 1);

const people = ["tom", "jerry", "mary", "spike"];
const quiet: Scenario = {
  people,
  conversations: { pair: ["tom", "jerry"], garden: people, yard: ["tom", "mary"] },
  subscriptionLimit: 64,
  steps: 400,
  weights: { send: 30, transient: 3, edit: 8, recall: 3, read: 12, cursors: 3, login: 3, reconnect: 8 },
  push: 0,
  tags: false,
};
const comings = { drop: 5, logout: 2 };
const members = { join: 4, leave: 3 };
const faults = { evict: 10, cut: 1, crash: 1, restart: 0.3, storage: 0.3, die: 0.5 };

beforeAll(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterAll(() => {
  vi.useRealTimers();
});

// Real digests take real time, which a seed cannot repeat.
vi.mock(import("../../../src/conversation/ids.ts"), async (original) => ({
  ...(await original()),
  uniqueConversationId: async (...name) =>
    createHash("sha256").update(JSON.stringify(name)).digest("hex").slice(0, 24),
  uniqueIdOf: async (members) => createHash("md5").update(members.join("")).digest("hex"),
}));

function scenarioTest(
  title: string,
  seeds: number,
  scenario: Scenario,
  { relayCallLost = 0, hookTime = 0, indexTime = 0 } = {},
): void {
  test(`${title} (${seeds} seeds)`, { timeout: 600_000 }, async () => {
    for (let seed = FIRST; seed < FIRST + seeds; seed += 1) {
      const network = new Network(seed, (now) => vi.setSystemTime(now));
      try {
        await new ScenarioRun(
          network,
          new Cluster(network, { relayCallLost, hookTime, indexTime }),
          scenario,
        ).run();
      } catch (error) {
        const pattern = title.replaceAll(/[[\]]/g, ".");
        const again = `TRACE=1 SEED=${seed} SEEDS=1 npx vitest run --project rules test/rules/model -t "${pattern}"`;
        throw new Error(`seed ${seed}; to repeat it: ${again}`, { cause: error });
      }
    }
  });
}

scenarioTest("[I1] [I2] [I5] people talk, edit, recall and read", PARTIAL, quiet);
scenarioTest("[I4] [I5] devices come and go", PARTIAL, {
  ...quiet,
  weights: { ...quiet.weights, ...comings },
});
scenarioTest("[I4] people join and leave", PARTIAL, {
  ...quiet,
  weights: { ...quiet.weights, ...comings, ...members },
});
scenarioTest("[Y-02] [Y-06] some devices are sent the messages they missed", PARTIAL, {
  ...quiet,
  push: 4,
  weights: { ...quiet.weights, ...comings },
});
scenarioTest("[I6] [I7] devices use tags and wills", PARTIAL, {
  ...quiet,
  tags: true,
  weights: { ...quiet.weights, ...comings, will: 6, login: 8 },
});
scenarioTest("[I4] [I6] [I7] devices freeze, count as lost, and come back", PARTIAL, {
  ...quiet,
  tags: true,
  weights: { ...quiet.weights, ...comings, will: 4, login: 6, freeze: 4, thaw: 4, wait: 20 },
});
scenarioTest("[I4] [I7] gateways and objects die: a device that is back in time was never away", PARTIAL, {
  ...quiet,
  push: 2,
  weights: { ...quiet.weights, ...members, evict: 6, die: 6, restart: 1, crash: 1, will: 5, reconnect: 14 },
});
scenarioTest("[I1-I9] objects hibernate, fail and die", FULL, {
  ...quiet,
  weights: { ...quiet.weights, ...comings, ...members, ...faults, will: 3 },
  push: 2,
  tags: true,
});
scenarioTest(
  "[I1-I9] everything happens at once with few subscriptions while calls get lost",
  FULL,
  {
    ...quiet,
    subscriptionLimit: 2,
    steps: 600,
    weights: { ...quiet.weights, ...comings, ...members, ...faults, will: 3 },
    push: 2,
    tags: true,
  },
  { relayCallLost: 0.1 },
);
scenarioTest(
  "[I1-I9] hooks take time while objects fail",
  PARTIAL,
  {
    ...quiet,
    weights: { ...quiet.weights, ...comings, ...members, ...faults },
    push: 2,
  },
  { hookTime: 3_000 },
);

const sets = [
  ["tom", "jerry"],
  ["tom", "jerry", "mary"],
  ["mary", "spike"],
];
scenarioTest("[B-03] people start unique conversations while members come and go", PARTIAL, {
  ...quiet,
  sets,
  weights: { ...quiet.weights, ...comings, join: 12, leave: 12, unique: 12 },
});
scenarioTest(
  "[B-03] [I1-I9] people start unique conversations while objects fail and calls get lost",
  PARTIAL,
  {
    ...quiet,
    sets,
    steps: 600,
    weights: { ...quiet.weights, ...comings, ...faults, join: 12, leave: 12, unique: 12 },
    push: 2,
  },
  { relayCallLost: 0.1, indexTime: 3_000 },
);
scenarioTest(
  "[I4] members learn who joined and left even if D1 is slow while objects die",
  PARTIAL,
  {
    ...quiet,
    weights: { ...quiet.weights, ...comings, join: 12, leave: 12, unique: 4, crash: 6, evict: 10 },
    sets,
  },
  { indexTime: 4_000 },
);
