import { expect, test } from "vitest";
import { dialThroughRelays, RelayLevels } from "../../../src/gateway/relay-dial.ts";
import type { SubscriptionRequest } from "../../../src/protocol/link-controls.ts";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import { LEVELS, levelOf, relayOf, relaysAt } from "../../../src/relay/tree.ts";

/** How an audience spreads over the relays of a conversation, by count. */

const CAPACITY = 2_000;
const ISOLATES = 20;
const JOINS_PER_MS = 20;

test("[T1.1] a client's devices meet at one relay of a level, and relays of a level share its clients evenly", () => {
  const clients = Array.from({ length: 64_000 }, (_, at) => `guest-${at}`);
  for (const level of [1, 3, 6]) {
    const counts = new Map<number, number>();
    for (const clientId of clients) {
      const relay = relayOf(level, clientId);
      expect(levelOf(relay)).toBe(level);
      counts.set(relay, (counts.get(relay) ?? 0) + 1);
    }
    const even = clients.length / relaysAt(level);
    expect(counts.size).toBe(relaysAt(level));
    expect(Math.max(...counts.values())).toBeLessThan(even * 1.15);
    expect(Math.min(...counts.values())).toBeGreaterThan(even * 0.85);
  }
});

/** Everybody comes within a short time, by the gateways of some isolates. */
async function crowd(people: number) {
  const clock = { now: 0 };
  const served = new Map<number, number>(); // by relay; 0 is the conversation itself
  let requests = 0;
  const dial = async ({ relay = 0 }: SubscriptionRequest) => {
    requests += 1;
    const count = served.get(relay) ?? 0;
    if (count >= CAPACITY) return { level: relay === 0 ? roomAt() : levelOf(relay) + 1 };
    served.set(relay, count + 1);
    return { send: () => {}, close: () => {} };
  };
  /** As the conversation would have it from its relays' reports. */
  const roomAt = () => {
    for (let level = 1; level < LEVELS; level += 1) {
      let count = 0;
      for (let at = relaysAt(level); at < 2 * relaysAt(level); at += 1) count += served.get(at) ?? 0;
      if (count < relaysAt(level) * CAPACITY) return level;
    }
    return LEVELS;
  };
  const isolates = Array.from({ length: ISOLATES }, () =>
    dialThroughRelays(dial, new RelayLevels(() => clock.now)),
  );
  const request = {
    conversationId: "room",
    sessionId: "",
    origin: 1,
    since: undefined,
    noticesAfter: undefined,
    sessions: undefined,
    admittedAt: 0,
    mode: catchUpModes.COUNTS,
    address: undefined,
    isPresent: true,
    relay: undefined,
  };
  const events = { frame: () => {}, closed: () => {} };
  for (let at = 0; at < people; at += 1) {
    if (at % JOINS_PER_MS === 0) clock.now += 1;
    await isolates[at % ISOLATES]?.({ ...request, clientId: `guest-${at}` }, events);
  }
  const relays = [...served.keys()].filter((relay) => relay > 0);
  return { requests, relays: relays.length, busiest: Math.max(...served.values()) };
}

test.each([
  { people: 2_000, relaysMax: 0 },
  { people: 100_000, relaysMax: 127 },
  { people: 1_000_000, relaysMax: 1_023 },
])(
  "[T1] $people people are served by at most $relaysMax relays, none of which has more than its share",
  {
    timeout: 120_000,
  },
  async ({ people, relaysMax }) => {
    const { requests, relays, busiest } = await crowd(people);
    expect(relays).toBeLessThanOrEqual(relaysMax);
    expect(busiest).toBeLessThanOrEqual(CAPACITY);
    // Of all who come, few find a relay full.
    expect(requests / people).toBeLessThan(1.2);
  },
);
