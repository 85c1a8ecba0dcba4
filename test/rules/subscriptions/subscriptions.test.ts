import { expect, test } from "vitest";
import { Cluster } from "../../simulation/cluster.ts";
import type { Faults } from "../../simulation/faults.ts";
import { Network } from "../../simulation/network.ts";
import { OneSessionDevice, type PendingSend } from "./one-session-device.ts";

interface Scenario {
  people: string[];
  conversations: number;
  subscriptionLimit: number;
  steps: number;
  faults: Faults;
  /** Probabilities per step. */
  send: number;
  login: number;
  drop: number;
  cut: number;
  crash: number;
  hibernate: number;
  /** Probability that a conversation's storage fails for 15 s, and whether no device may lose its socket by that. */
  storage?: number;
  keepsSockets?: boolean;
}

const quiet: Scenario = {
  people: ["tom", "jerry"],
  conversations: 1,
  subscriptionLimit: 64,
  steps: 400,
  faults: { relayCallLost: 0, hookTime: 0 },
  send: 0.15,
  login: 0.02,
  drop: 0,
  cut: 0,
  crash: 0,
  hibernate: 0,
};

/**
 * Runs a scenario and checks what the subscription rules guarantee: each device that is still online got every message
 * since its login once and in order, and every acknowledged send is in the log once (I1-I4).
 */
async function run(seed: number, scenario: Scenario): Promise<void> {
  const network = new Network(seed);
  const cluster = new Cluster(network, scenario.faults);
  const ids = Array.from({ length: scenario.conversations }, (_, at) => `conversation${at}`);
  for (const id of ids) cluster.createConversation(id, scenario.people);
  const acked = new Map<string, number>();
  const unsent: { clientId: string; pendingSend: PendingSend }[] = [];
  let devices: OneSessionDevice[] = [];
  let tokens = 0;
  const login = (clientId: string) => {
    const device = new OneSessionDevice(
      network,
      cluster,
      clientId,
      scenario.subscriptionLimit,
      ({ token }, timestamp) => {
        const before = acked.get(token);
        expect(before ?? timestamp, `seed ${seed}: ${token} acknowledged twice, differently`).toBe(timestamp);
        acked.set(token, timestamp);
      },
    );
    devices.push(device);
    // A send whose acknowledgement an earlier device never got is sent again, as SDKs and apps do.
    for (const entry of unsent.filter((one) => one.clientId === clientId)) {
      unsent.splice(unsent.indexOf(entry), 1);
      device.send(entry.pendingSend, true);
    }
  };
  const removeDead = () => {
    if (scenario.keepsSockets) {
      const closed = devices.filter(({ closedWith }) => closedWith === 4200).map(({ name }) => name);
      expect(closed, `seed ${seed}: sockets were closed`).toEqual([]);
    }
    for (const device of devices.filter(({ alive }) => !alive)) {
      for (const pendingSend of device.pending.values())
        unsent.push({ clientId: device.clientId, pendingSend });
    }
    devices = devices.filter(({ alive }) => alive);
  };
  for (const person of scenario.people) login(person);
  for (let step = 0; step < scenario.steps; step += 1) {
    const device = network.pick(devices);
    if (device !== undefined && network.chance(scenario.send)) {
      tokens += 1;
      device.send({ conversationId: network.pick(ids) ?? "", token: `m${tokens}` });
    }
    if (network.chance(scenario.login) && devices.length < 6) login(network.pick(scenario.people) ?? "");
    if (network.chance(scenario.drop)) network.pick(devices)?.drop();
    const object = cluster.conversations.get(network.pick(ids) ?? "");
    if (network.chance(scenario.cut)) object?.cutOneSubscription();
    if (network.chance(scenario.crash)) object?.crash();
    if (scenario.storage !== undefined && network.chance(scenario.storage)) object?.failStorage(15_000);
    if (network.chance(scenario.hibernate)) {
      object?.hibernate();
      cluster.client(network.pick(scenario.people) ?? "").hibernate();
    }
    removeDead();
    await network.step();
  }
  // Every client with an unacknowledged send gets a device again, and everything settles.
  for (let round = 0; round < 20; round += 1) {
    for (const person of scenario.people)
      if (!devices.some(({ clientId }) => clientId === person)) login(person);
    for (const { clientId } of [...unsent])
      if (!devices.some((one) => one.clientId === clientId)) login(clientId);
    for (const { clientId, pendingSend } of unsent.splice(0)) {
      devices.find((one) => one.clientId === clientId)?.send(pendingSend, true);
    }
    let steps = 0;
    while (await network.step()) if (++steps > 20_000) throw new Error(`seed ${seed}: never settles`);
    removeDead();
    if (unsent.length === 0 && devices.every(({ pending }) => pending.size === 0)) break;
  }
  for (const [id, object] of cluster.conversations) {
    const log = object.state.log.after(0, 100_000);
    const times = log.map(({ message }) => message.timestamp);
    const sent = log.map(({ token }) => token);
    const twice = sent.filter((token, at) => sent.indexOf(token) !== at);
    expect(twice, `seed ${seed}: sends are in the log twice`).toEqual([]);
    for (const device of devices) {
      const received = device.received.get(id) ?? [];
      const who = `seed ${seed}: ${device.name} in ${id}`;
      for (const [at, time] of received.entries()) {
        expect(
          time,
          `${who} got ${times.indexOf(time)} after ${times.indexOf(received[at - 1] ?? 0)}`,
        ).toBeGreaterThan(received[at - 1] ?? 0);
      }
      const from = Math.max(
        device.openedAt?.get(id) ?? Number.POSITIVE_INFINITY,
        device.covered.get(id) ?? 0,
      );
      const ours = (token = "") => device.own.has(token) || device.resent.has(token);
      const expected = log.filter(({ message, token }) => message.timestamp > from && !ours(token));
      const missing = expected
        .filter(({ message }) => !received.includes(message.timestamp))
        .map(({ token }) => token);
      expect(missing, `${who} misses messages`).toEqual([]);
      const own = log.filter(
        ({ message, token }) => received.includes(message.timestamp) && device.own.has(token ?? ""),
      );
      expect(
        own.map(({ token }) => token),
        `${who} got its own messages`,
      ).toEqual([]);
    }
  }
  const kept = new Set(
    [...cluster.conversations.values()].flatMap(({ state }) =>
      state.log.after(0, 100_000).map(({ token }) => token),
    ),
  );
  for (const token of acked.keys())
    expect(kept.has(token), `seed ${seed}: ${token} was acknowledged and is lost`).toBe(true);
}

const SEEDS = Number(process.env.SEEDS ?? 60);
const FIRST = Number(process.env.SEED ?? 1);

function scenario(title: string, options: Scenario): void {
  test(`${title} (${SEEDS} seeds)`, { timeout: 300_000 }, async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) await run(seed, options);
  });
}

scenario("[L1] [L2] devices log in and subscribe while others send", quiet);
scenario("[L2] [L5] a client has several devices", {
  ...quiet,
  people: ["tom", "jerry"],
  login: 0.05,
});
scenario("[L4] subscriptions are evicted while others send", {
  ...quiet,
  conversations: 3,
  subscriptionLimit: 1,
  login: 0.02,
});
scenario("[L4] devices drop at every possible moment", { ...quiet, login: 0.05, drop: 0.02 });
scenario("[L7] a subscription whose link was cut reopens where it broke", { ...quiet, cut: 0.02 });
scenario("[L3] wakes are slow or fail", {
  ...quiet,
  faults: { relayCallLost: 0.2, hookTime: 0 },
  login: 0.04,
  drop: 0.02,
});
scenario("[I9] objects hibernate at any moment", { ...quiet, hibernate: 0.05, login: 0.03, drop: 0.01 });
scenario("[I1] [L7] conversations die at any moment", { ...quiet, crash: 0.01, login: 0.03, drop: 0.01 });
scenario("[I10] [L7] conversations whose storage fails refuse commands, close no socket, and recover", {
  ...quiet,
  conversations: 2,
  keepsSockets: true,
  storage: 0.01,
  login: 0.02,
  drop: 0.01,
});
scenario("[L1-L8] everything happens at once", {
  people: ["tom", "jerry", "mary"],
  conversations: 3,
  subscriptionLimit: 2,
  steps: 600,
  faults: { relayCallLost: 0.1, hookTime: 0 },
  send: 0.2,
  login: 0.04,
  drop: 0.02,
  cut: 0.01,
  crash: 0.005,
  hibernate: 0.03,
});
