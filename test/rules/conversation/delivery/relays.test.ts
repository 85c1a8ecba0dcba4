import { expect, test } from "vitest";
import { personalFrame } from "../../../../src/conversation/delivery/audience-frames.ts";
import { Relays } from "../../../../src/conversation/delivery/relays.ts";
import type { RelayBatch, RelayReport } from "../../../../src/protocol/relay-calls.ts";
import { NO_RELAYS } from "../../../support/no-relays.ts";

/** A conversation with one relay, which serves Jerry, and the calls to it; each waits for its answer. */

const REPORT: RelayReport = { registration: undefined, subscriptions: 1, clients: 1 };
const frame = personalFrame(Uint8Array.of(1), ["Jerry"]);

function withRelay(now: number) {
  const calls: { batch: RelayBatch; answer: () => Promise<void>; fail: () => Promise<void> }[] = [];
  const relays = new Relays({
    ...NO_RELAYS,
    now: () => now,
    entriesAfter: () => [],
    stored: () => new Map([[1, "first"]]),
    deliver: (_, batch) => {
      const { promise, resolve, reject } = Promise.withResolvers<RelayReport>();
      const answer = () => {
        resolve(REPORT);
        return settle();
      };
      const fail = () => {
        reject(new Error("lost"));
        return settle();
      };
      calls.push({ batch, answer, fail });
      return promise;
    },
    retryAfter: () => {},
    pause: async () => {},
    settled: () => {},
  });
  return { relays, calls };
}

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

test("[T4] an answer to a relay names the frames that are on their way to it, until they have arrived", async () => {
  const { relays, calls } = withRelay(1_000);
  expect(relays.awaitedAt(1)).toBeUndefined();
  relays.send(frame);
  await settle();
  expect(calls).toHaveLength(1);
  expect(relays.awaitedAt(1)).toBe(calls[0]?.batch.end);
  relays.send(frame);
  const both = relays.awaitedAt(1);
  await calls[0]?.answer();
  expect(relays.awaitedAt(1)).toBe(both);
  expect(calls[1]?.batch.end).toBe(both);
  await calls[1]?.answer();
  expect(relays.awaitedAt(1)).toBeUndefined();
});

test("[T4] frames whose call to a relay failed are sent again when the relay asks something", async () => {
  const { relays, calls } = withRelay(1_000);
  relays.send(frame);
  await settle();
  await calls[0]?.fail();
  expect(calls).toHaveLength(1);
  const awaited = relays.awaitedAt(1);
  await settle();
  expect(calls[1]?.batch).toMatchObject({ frames: [frame], end: awaited });
});

test("[T4] frames of a conversation that woke up have later numbers than those before", async () => {
  const before = withRelay(1_000);
  for (let sent = 0; sent < 10; sent += 1) before.relays.send(frame);
  const after = withRelay(1_001);
  after.relays.send(frame);
  expect(after.relays.awaitedAt(1)).toBeGreaterThan(before.relays.awaitedAt(1) ?? Number.POSITIVE_INFINITY);
});
