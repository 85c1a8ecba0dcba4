import { afterAll, beforeAll, test, vi } from "vitest";
import { Cluster } from "../../simulation/cluster.ts";
import { Network } from "../../simulation/network.ts";
import type { Scenario } from "./scenario.ts";
import { ScenarioRun } from "./scenario-run.ts";

/*
 * Runs what people do with several devices through the real rules of gateway, client and conversation, over a network
 * that a seed steps, and compares the result with a plain model of what was acknowledged. More seeds:
 * `SEEDS=2000 npx vitest run --project rules test/rules/model`; a trace of a failing seed:
 * `TRACE=1 SEED=7 SEEDS=1 npx vitest run --project rules test/rules/model -t "title"`.
 */

/** Scenarios in which everything happens; the others each leave something out and run with fewer seeds. */
export const FULL = Number(process.env.SEEDS ?? 200);
export const PARTIAL = Number(process.env.SEEDS ?? 60);
const FIRST = Number(process.env.SEED ?? 1);

const people = ["tom", "jerry", "mary", "spike"];
export const quiet: Scenario = {
  people,
  conversations: { pair: ["tom", "jerry"], garden: people, yard: ["tom", "mary"] },
  subscriptionLimit: 64,
  steps: 400,
  weights: { send: 30, transient: 3, edit: 8, recall: 3, read: 12, cursors: 3, login: 3, reconnect: 8 },
  messagesMode: 0,
  tags: false,
};
export const comings = { drop: 5, logout: 2 };
export const members = { join: 4, leave: 3 };
export const faults = { hibernate: 10, cut: 1, crash: 1, restart: 0.3, storage: 0.3, die: 0.5 };

beforeAll(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterAll(() => {
  vi.useRealTimers();
});

/** A test that runs a scenario with each of so many seeds. */
export function scenarioTest(
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
          new Cluster(
            network,
            { relayCallLost, hookTime, indexTime },
            undefined,
            scenario.permissions ? { memberRoles: true, blacklists: true } : {},
          ),
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
