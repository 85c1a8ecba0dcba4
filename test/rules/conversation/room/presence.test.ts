import { expect, test } from "vitest";
import { Relays } from "../../../../src/conversation/delivery/relays.ts";
import { Presence } from "../../../../src/conversation/room/presence.ts";
import { isInPart, relayOf } from "../../../../src/relay/tree.ts";
import { NO_RELAYS } from "../../../support/no-relays.ts";

/** A room, with people at its object and at relays of some levels. */
function roomWith(here: string[], byLevel: string[][]) {
  const clock = { now: 0 };
  const relays = new Map<number, Set<string>>();
  for (const [at, clientIds] of byLevel.entries())
    for (const clientId of clientIds) {
      const relay = relayOf(at + 1, clientId);
      relays.set(relay, (relays.get(relay) ?? new Set()).add(clientId));
    }
  const asked: { relay: number; clients: number }[] = [];
  const at = (relay: number) => [...(relays.get(relay) ?? [])];
  const calls = new Relays({
    ...NO_RELAYS,
    stored: () => new Map([...relays.keys()].map((relay) => [relay, "registered"])),
    audience: async (relay) => {
      const clients = at(relay).length;
      return { clientIds: [], clients, subscriptions: clients };
    },
    part: async (relay, parts) => {
      const part = at(relay).filter((clientId) => isInPart(clientId, parts));
      asked.push({ relay, clients: part.length });
      return part;
    },
    settled: () => {},
  });
  const subscriptions = here.map((clientId) => ({ clientId }));
  const presence = new Presence({ audience: () => ({ subscriptions }), relays: calls }, () => clock.now);
  return { presence, clock, asked, calls };
}

const people = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `guest-${from + at}`);

test("[R-07] [T5] a client counts once, wherever its devices are: at the room and at relays of any level", async () => {
  const { presence } = roomWith(
    ["tom", "jerry", "tom"],
    [["tom", "mary"], ["mary", "spike", "jerry"], ["tom"]],
  );
  expect(await presence.count()).toBe(4);
});

test("[R-07] [T5] relays are asked for their clients once in five seconds, and never if all are at one level", async () => {
  const { presence, clock, asked } = roomWith(["tom"], [["tom", "mary"]]);
  for (let second = 0; second <= 5; second += 1) {
    clock.now = second * 1_000;
    expect(await presence.count()).toBe(2);
  }
  expect(asked).toHaveLength(1);
  clock.now = 5_001;
  await presence.count();
  expect(asked).toHaveLength(2);
  const alone = roomWith([], [["tom", "mary"]]);
  expect(await alone.presence.count()).toBe(2);
  expect(alone.asked).toEqual([]);
});

test("[R-07] [T5] whoever leaves after clients were compared counts no more, and nobody else counts less", async () => {
  const { presence, clock, calls } = roomWith(
    [],
    [
      ["tom", "mary", "spike"],
      ["tom", "mary"],
    ],
  );
  expect(await presence.count()).toBe(3);
  clock.now = 1_000;
  calls.reported(1, { registration: undefined, subscriptions: 2, clients: 2 });
  for (const relay of [2, 3])
    calls.reported(relay, { registration: undefined, subscriptions: 0, clients: 0 });
  expect(await presence.count()).toBe(2);
});

test("[R-07] [T5] [I13] of a crowd 10,000 clients are compared, and stand for all others", async () => {
  const everybody = people(0, 30_000);
  const twice = people(28_000, 30_000);
  const { presence, asked } = roomWith(people(0, 2_000), [
    people(2_000, 4_000),
    people(4_000, 8_000),
    people(8_000, 28_000),
    [...people(28_000, 30_000), ...people(26_000, 28_000)],
  ]);
  const count = await presence.count();
  expect(Math.abs(count - everybody.length)).toBeLessThan(twice.length * 0.15);
  expect(asked.reduce((sum, { clients }) => sum + clients, 0)).toBeLessThan(11_000);
});

test("[R-07] [T5] what a relay reports while it is asked for its count is newer than its answer", async () => {
  const asked = Promise.withResolvers<{ clientIds: string[]; clients: number; subscriptions: number }>();
  const relays = new Relays({
    ...NO_RELAYS,
    stored: () => new Map([1, 2].map((relay) => [relay, "registered"])),
    audience: () => asked.promise,
    settled: () => {},
  });
  const counting = relays.clientsByLevel();
  relays.reported(1, { registration: "registered", subscriptions: 5, clients: 5 });
  relays.reported(2, { registration: "registered", subscriptions: 0, clients: 0 });
  asked.resolve({ clientIds: [], clients: 3, subscriptions: 3 });
  expect((await counting).reduce((sum, clients) => sum + clients, 0)).toBe(5);
  expect((await relays.clientsByLevel()).reduce((sum, clients) => sum + clients, 0)).toBe(5);
});
