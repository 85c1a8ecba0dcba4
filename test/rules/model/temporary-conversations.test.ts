import { afterAll, beforeAll, test, vi } from "vitest";
import { Cluster } from "../../simulation/cluster.ts";
import { Network } from "../../simulation/network.ts";
import { PARTIAL } from "./scenario-test.ts";
import { TemporaryConversations } from "./temporary-conversations.ts";

/** Temporary conversations begin, end and begin again while objects fail; played by seed, as in `scenario-test.ts`. */

beforeAll(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterAll(() => {
  vi.useRealTimers();
});

const FIRST = Number(process.env.SEED ?? 1);

test.each([
  ["", { relayCallLost: 0, hookTime: 0, indexTime: 0 }],
  [", and calls get lost", { relayCallLost: 0.1, hookTime: 0, indexTime: 2_000 }],
])(
  `[E-01] [E-04] [E-05] temporary conversations end while objects fail%s (${PARTIAL} seeds)`,
  {
    timeout: 600_000,
  },
  async (_, faults) => {
    for (let seed = FIRST; seed < FIRST + PARTIAL; seed += 1) {
      const network = new Network(seed, (now) => vi.setSystemTime(now));
      try {
        await new TemporaryConversations(network, new Cluster(network, faults)).run(400);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  },
);
