import { afterAll, beforeAll, test, vi } from "vitest";
import { Cluster } from "../../simulation/cluster.ts";
import { Network } from "../../simulation/network.ts";
import { PARTIAL } from "./scenario-test.ts";
import { ServiceStory, type Weights } from "./service-story.ts";

/** A service speaks to its subscribers, and each client with it alone; played by seed, as in `scenario-test.ts`. */

beforeAll(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterAll(() => {
  vi.useRealTimers();
});

const FIRST = Number(process.env.SEED ?? 1);

const quiet: Weights = {
  subscribe: 12,
  broadcast: 20,
  tell: 12,
  write: 12,
  edit: 8,
  recall: 3,
  read: 8,
  login: 4,
  reconnect: 10,
};
const comings: Weights = { unsubscribe: 5, drop: 5 };
const faults: Weights = { hibernate: 10, cut: 2, crash: 2, die: 1 };

interface Around {
  relayCallLost?: number;
  socketsPerRelay?: number;
}

function story(title: string, weights: Weights, { relayCallLost = 0, socketsPerRelay }: Around = {}): void {
  test(`${title} (${PARTIAL} seeds)`, { timeout: 600_000 }, async () => {
    for (let seed = FIRST; seed < FIRST + PARTIAL; seed += 1) {
      const network = new Network(seed, (now) => vi.setSystemTime(now));
      const cluster = new Cluster(network, { relayCallLost, hookTime: 0 }, socketsPerRelay);
      try {
        await new ServiceStory(network, cluster, weights).run(400);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });
}

story("[V-02] [V-03] [V-05] [I15] a service speaks to subscribers, and each client with it alone", quiet);
story("[V-01] [V-02] [I15] subscribers come and go, and their sessions break", { ...quiet, ...comings });
story("[V-02] [V-03] [I9] objects of a service hibernate, die and are cut", { ...quiet, ...faults });
story(
  "[V-01] [V-07] [I15] [L3] subscribers come and go while objects fail and calls get lost",
  {
    ...quiet,
    ...comings,
    ...faults,
  },
  { relayCallLost: 0.1 },
);
story(
  "[V-02] [V-03] [T2] a service has relays, and subscribers come and go",
  { ...quiet, ...comings },
  {
    socketsPerRelay: 2,
  },
);
story(
  "[V-02] [V-03] [I15] [T1-T4] a service and its relays fail",
  { ...quiet, ...comings, ...faults },
  {
    socketsPerRelay: 2,
    relayCallLost: 0.05,
  },
);
