import { expect, test } from "vitest";
import { Cluster, type Faults } from "../../simulation/cluster.ts";
import { Network } from "../../simulation/network.ts";
import { Phone, type Receipt } from "./phone.ts";

interface Story {
  people: string[];
  conversations: number;
  linkLimit: number;
  steps: number;
  faults: Faults;
  /** Chances per step. */
  send: number;
  login: number;
  drop: number;
  cut: number;
  crash: number;
  evict: number;
  /** The storage of a conversation fails for 15 s; and whether nobody may lose a socket of it. */
  storage?: number;
  keepsSockets?: boolean;
}

const quiet: Story = {
  ...{
    people: ["tom", "jerry"],
    conversations: 1,
    linkLimit: 64,
    steps: 400,
    faults: { relayCallLost: 0, hookTime: 0 },
  },
  ...{ send: 0.15, login: 0.02, drop: 0, cut: 0, crash: 0, evict: 0 },
};

/**
 * Plays a story and checks what every rule of the links exists for: each device that is still there got every
 * message since its login once and in order, and every acknowledged send is in the log once (I1-I4).
 */
async function play(seed: number, story: Story): Promise<void> {
  const network = new Network(seed);
  const town = new Cluster(network, story.faults);
  const ids = Array.from({ length: story.conversations }, (_, at) => `conversation${at}`);
  for (const id of ids) town.found(id, story.people);
  const acked = new Map<string, number>();
  const unsent: { clientId: string; receipt: Receipt }[] = [];
  let phones: Phone[] = [];
  let tokens = 0;
  const login = (clientId: string) => {
    const phone = new Phone(network, town, clientId, story.linkLimit, ({ token }, timestamp) => {
      const before = acked.get(token);
      expect(before ?? timestamp, `seed ${seed}: ${token} acknowledged twice, differently`).toBe(timestamp);
      acked.set(token, timestamp);
    });
    phones.push(phone);
    // What an earlier device never heard of again is sent once more, as SDKs and apps do.
    for (const mine of unsent.filter((one) => one.clientId === clientId)) {
      unsent.splice(unsent.indexOf(mine), 1);
      phone.send(mine.receipt, true);
    }
  };
  const bury = () => {
    if (story.keepsSockets) {
      const closed = phones.filter(({ closedWith }) => closedWith === 4200).map(({ name }) => name);
      expect(closed, `seed ${seed}: sockets were closed`).toEqual([]);
    }
    for (const phone of phones.filter(({ alive }) => !alive)) {
      for (const receipt of phone.pending.values()) unsent.push({ clientId: phone.clientId, receipt });
    }
    phones = phones.filter(({ alive }) => alive);
  };
  for (const person of story.people) login(person);
  for (let step = 0; step < story.steps; step += 1) {
    const phone = network.pick(phones);
    if (phone !== undefined && network.chance(story.send)) {
      tokens += 1;
      phone.send({ conversationId: network.pick(ids) ?? "", token: `m${tokens}` });
    }
    if (network.chance(story.login) && phones.length < 6) login(network.pick(story.people) ?? "");
    if (network.chance(story.drop)) network.pick(phones)?.drop();
    const house = town.conversations.get(network.pick(ids) ?? "");
    if (network.chance(story.cut)) house?.cutOneLink();
    if (network.chance(story.crash)) house?.crash();
    if (story.storage !== undefined && network.chance(story.storage)) house?.failStorage(15_000);
    if (network.chance(story.evict)) {
      house?.evict();
      town.client(network.pick(story.people) ?? "").evict();
    }
    bury();
    await network.step();
  }
  // Whoever is owed something has a device again, and everything comes to rest.
  for (let round = 0; round < 20; round += 1) {
    for (const person of story.people) if (!phones.some(({ clientId }) => clientId === person)) login(person);
    for (const { clientId } of [...unsent])
      if (!phones.some((one) => one.clientId === clientId)) login(clientId);
    for (const { clientId, receipt } of unsent.splice(0)) {
      phones.find((one) => one.clientId === clientId)?.send(receipt, true);
    }
    let moves = 0;
    while (await network.step()) if (++moves > 20_000) throw new Error(`seed ${seed}: never comes to rest`);
    bury();
    if (unsent.length === 0 && phones.every(({ pending }) => pending.size === 0)) break;
  }
  for (const [id, house] of town.conversations) {
    const log = house.state.log.after(0, 100_000);
    const times = log.map(({ message }) => message.timestamp);
    const sent = log.map(({ token }) => token);
    const twice = sent.filter((token, at) => sent.indexOf(token) !== at);
    expect(twice, `seed ${seed}: sends are in the log twice`).toEqual([]);
    for (const phone of phones) {
      const got = phone.received.get(id) ?? [];
      const who = `seed ${seed}: ${phone.name} in ${id}`;
      for (const [at, time] of got.entries()) {
        expect(
          time,
          `${who} got ${times.indexOf(time)} after ${times.indexOf(got[at - 1] ?? 0)}`,
        ).toBeGreaterThan(got[at - 1] ?? 0);
      }
      const from = Math.max(phone.openedAt?.get(id) ?? Number.POSITIVE_INFINITY, phone.covered.get(id) ?? 0);
      const ours = (token = "") => phone.own.has(token) || phone.resent.has(token);
      const wanted = log.filter(({ message, token }) => message.timestamp > from && !ours(token));
      const missing = wanted
        .filter(({ message }) => !got.includes(message.timestamp))
        .map(({ token }) => token);
      expect(missing, `${who} misses messages`).toEqual([]);
      const foreign = log.filter(
        ({ message, token }) => got.includes(message.timestamp) && phone.own.has(token ?? ""),
      );
      expect(
        foreign.map(({ token }) => token),
        `${who} got its own messages`,
      ).toEqual([]);
    }
  }
  const kept = new Set(
    [...town.conversations.values()].flatMap(({ state }) =>
      state.log.after(0, 100_000).map(({ token }) => token),
    ),
  );
  for (const token of acked.keys())
    expect(kept.has(token), `seed ${seed}: ${token} was acknowledged and is lost`).toBe(true);
}

const SEEDS = Number(process.env.SEEDS ?? 60);
const FIRST = Number(process.env.SEED ?? 1);

function stories(title: string, story: Story): void {
  test(`${title} (${SEEDS} seeds)`, { timeout: 300_000 }, async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) await play(seed, story);
  });
}

stories("[L1] [L2] devices log in and link while others send", quiet);
stories("[L3] [L5] several devices of one client hold the same links", {
  ...quiet,
  people: ["tom", "jerry"],
  login: 0.05,
});
stories("[L4] links give way for room while others send", {
  ...quiet,
  conversations: 3,
  linkLimit: 1,
  login: 0.02,
});
stories("[L4] devices drop at every possible moment", { ...quiet, login: 0.05, drop: 0.02 });
stories("[L7] a link broken by force opens again where it broke", { ...quiet, cut: 0.02 });
stories("[L2] the relay is slow or fails", {
  ...quiet,
  faults: { relayCallLost: 0.2, hookTime: 0 },
  login: 0.04,
  drop: 0.02,
});
stories("[I9] objects sleep at any moment", { ...quiet, evict: 0.05, login: 0.03, drop: 0.01 });
stories("[I1] [L7] conversations die at any moment", { ...quiet, crash: 0.01, login: 0.03, drop: 0.01 });
stories("[I10] [L7] conversations whose storage fails refuse, cost nobody a socket, and make it good", {
  ...{ ...quiet, conversations: 2, keepsSockets: true },
  ...{ storage: 0.01, login: 0.02, drop: 0.01 },
});
stories("[L1-L8] everything at once", {
  ...{
    people: ["tom", "jerry", "mary"],
    conversations: 3,
    linkLimit: 2,
    steps: 600,
    faults: { relayCallLost: 0.1, hookTime: 0 },
  },
  ...{ send: 0.2, login: 0.04, drop: 0.02, cut: 0.01, crash: 0.005, evict: 0.03 },
});
