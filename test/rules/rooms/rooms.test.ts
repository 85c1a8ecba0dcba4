import { expect, test } from "vitest";
import { Cluster } from "../../simulation/cluster.ts";
import type { Faults } from "../../simulation/faults.ts";
import { Network } from "../../simulation/network.ts";
import { RoomDevice } from "./room-device.ts";

interface Scenario {
  people: number;
  socketsPerRelay: number;
  steps: number;
  faults: Faults;
  /** Probabilities per step. */
  say: number;
  come: number;
  go: number;
  drop: number;
  cut: number;
  crashRelay: number;
  crashRoom: number;
  hibernate: number;
}

const quiet: Scenario = {
  people: 8,
  socketsPerRelay: 2,
  steps: 500,
  faults: { relayCallLost: 0, hookTime: 0 },
  say: 0.15,
  come: 0.05,
  go: 0,
  drop: 0,
  cut: 0,
  crashRelay: 0,
  crashRoom: 0,
  hibernate: 0,
};

const ROOM = "room0";

/**
 * Plays people in one room of a few sessions per relay, and checks what they hear: everything that was said by others
 * during their stays, once and in order, and nothing that was said before they came or after they left (T1-T4, R-01).
 */
async function run(seed: number, scenario: Scenario): Promise<void> {
  const network = new Network(seed);
  const cluster = new Cluster(network, scenario.faults, scenario.socketsPerRelay);
  cluster.createConversation(ROOM, [], "room");
  const everybody: RoomDevice[] = [];
  let devices: RoomDevice[] = [];
  let tokens = 0;
  const login = (clientId: string) => {
    const device = new RoomDevice(network, cluster, clientId, ROOM);
    everybody.push(device);
    devices.push(device);
  };
  const anybody = () => network.pick(devices);
  for (let at = 0; at < scenario.people; at += 1) login(`guest${at}`);
  for (let step = 0; step < scenario.steps; step += 1) {
    if (network.chance(scenario.come)) {
      const device = anybody();
      if (device?.isPresent === false) device.enter();
    }
    if (network.chance(scenario.go)) anybody()?.leave();
    if (network.chance(scenario.say)) anybody()?.say(`m${++tokens}`);
    if (network.chance(scenario.drop)) anybody()?.drop();
    const relay = network.pick([...cluster.relays.values()]);
    const room = cluster.existing(ROOM);
    if (network.chance(scenario.cut)) relay?.cutOneSubscription();
    if (network.chance(scenario.cut)) room?.cutOneSubscription();
    if (network.chance(scenario.crashRelay)) relay?.crash();
    if (network.chance(scenario.crashRoom)) room?.crash();
    if (network.chance(scenario.hibernate)) {
      relay?.hibernate();
      room?.hibernate();
    }
    for (const { clientId } of devices.filter(({ alive }) => !alive)) login(clientId);
    devices = devices.filter(({ alive }) => alive);
    await network.step();
  }
  let steps = 0;
  while (await network.step()) if (++steps > 40_000) throw new Error(`seed ${seed}: never settles`);
  const log = cluster.existing(ROOM)?.state.log.after(0, 100_000) ?? [];
  const times = log.map(({ message }) => message.timestamp);
  const sent = log.map(({ token }) => token);
  expect(
    sent.filter((token, at) => sent.indexOf(token) !== at),
    `seed ${seed}: sends are in the log twice`,
  ).toEqual([]);
  for (const device of everybody) {
    const who = `seed ${seed}: ${device.name}`;
    const { received, stays, alive } = device;
    expect(received, `${who} hears out of order, or twice`).toEqual(
      [...new Set(received)].toSorted((a, b) => a - b),
    );
    const others = log.filter(({ message }) => message.from !== device.clientId);
    for (const { from, until = Number.POSITIVE_INFINITY } of alive ? stays : []) {
      const missing = others
        .map(({ message }) => message.timestamp)
        .filter((time) => time > from && time <= until && !received.includes(time));
      expect(
        missing.map((time) => times.indexOf(time)),
        `${who} misses messages`,
      ).toEqual([]);
    }
    expect(
      received.filter((time) => !times.includes(time)),
      `${who} hears what is not in the log`,
    ).toEqual([]);
  }
  const present = new Set(devices.filter(({ isPresent }) => isPresent).map(({ clientId }) => clientId));
  if (devices.every(({ isBusy }) => !isBusy)) {
    const atRelays = [...cluster.relays.values()].map((relay) => relay.audience(0).clients);
    const here = cluster.existing(ROOM)?.audienceHere ?? new Set();
    const count = here.size + atRelays.reduce((sum, clients) => sum + clients, 0);
    expect(count, `seed ${seed}: the number of those present`).toBeGreaterThanOrEqual(present.size);
  }
}

const SEEDS = Number(process.env.SEEDS ?? 60);
const FIRST = Number(process.env.SEED ?? 1);

function scenario(title: string, options: Scenario): void {
  test(`${title} (${SEEDS} seeds)`, { timeout: 300_000 }, async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) await run(seed, options);
  });
}

scenario("[T1] [R-01] people come to a room that grows over several relays, and hear everything", quiet);
scenario("[T1] [R-01] people come and go, and hear what is said while they are there", {
  ...quiet,
  come: 0.1,
  go: 0.05,
});
scenario("[T2] relays die at any moment", { ...quiet, crashRelay: 0.02 });
scenario("[T2] [L7] subscriptions of a room and of its relays are cut", { ...quiet, cut: 0.03 });
scenario("[T3] calls between a room and its relays are lost", {
  ...quiet,
  faults: { relayCallLost: 0.15, hookTime: 0 },
});
scenario("[T3] [I1] the room dies at any moment", { ...quiet, crashRoom: 0.01 });
scenario("[T4] [I9] relays and room hibernate at any moment", { ...quiet, hibernate: 0.05, go: 0.02 });
scenario("[T1-T4] everything happens at once", {
  ...quiet,
  people: 10,
  steps: 700,
  faults: { relayCallLost: 0.1, hookTime: 0 },
  come: 0.1,
  go: 0.03,
  drop: 0.01,
  cut: 0.02,
  crashRelay: 0.01,
  crashRoom: 0.004,
  hibernate: 0.03,
});
