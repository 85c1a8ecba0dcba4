import { expect, test, vi } from "vitest";
import { personalFrame } from "../../../../src/conversation/delivery/audience-frames.ts";
import { Relays } from "../../../../src/conversation/delivery/relays.ts";
import type { RelayBatch, RelayReport } from "../../../../src/protocol/relay-calls.ts";
import { NO_RELAYS } from "../../../support/no-relays.ts";

/** A conversation with one relay, which serves Jerry, and the calls to it; each waits for its answer. */

const REPORT: RelayReport = { registration: undefined, subscriptions: 1, clients: 1 };
const frame = personalFrame(Uint8Array.of(1), ["Jerry"]);

/** @param stored what the conversation's object has in storage for the relay, when it wakes up */
function withRelay(now: number, stored = new Map([[1, "first"]])) {
  const calls: { batch: RelayBatch; answer: () => Promise<void>; fail: () => Promise<void> }[] = [];
  const relays = new Relays({
    ...NO_RELAYS,
    now: () => now,
    entriesAfter: () => [],
    stored: () => stored,
    store: (relay, registration) => void stored.set(relay, registration),
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
  return { relays, calls, stored };
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

test("[T3] a conversation that died before it told a relay who is in the audience has the sessions there subscribe again", async () => {
  const before = withRelay(1_000);
  before.relays.send(personalFrame(Uint8Array.of(1), ["Jerry"], "last"));
  await settle();
  const after = withRelay(2_000, before.stored);
  after.relays.retry();
  await settle();
  expect(after.calls[0]?.batch.hasGap).toBe(true);
  await after.calls[0]?.answer();
  after.relays.retry();
  await settle();
  expect(after.calls).toHaveLength(1);
});

test("[T3] a conversation that died after it told a relay everything tells it nothing again", async () => {
  const before = withRelay(1_000);
  before.relays.send(frame);
  await settle();
  await before.calls[0]?.answer();
  const after = withRelay(2_000, before.stored);
  after.relays.retry();
  await settle();
  expect(after.calls).toEqual([]);
});

test("[T2] a relay that registers again is still sent what could not be sent before", async () => {
  const { relays, calls } = withRelay(1_000);
  relays.send(frame);
  await settle();
  await calls[0]?.fail();
  relays.register(1, "second");
  await settle();
  expect(calls[1]?.batch).toMatchObject({ registration: "second", frames: [frame], hasGap: false });
});

test("[T3.4] a burst of frames that are in no log costs two row writes for each relay that it concerns", async () => {
  const { relays, calls, stored } = withRelay(1_000);
  const written = vi.spyOn(stored, "set");
  for (let sent = 0; sent < 100; sent += 1) relays.send(frame);
  await settle();
  while (relays.awaitedAt(1) !== undefined) await calls.at(-1)?.answer();
  expect(calls.length).toBeLessThanOrEqual(2);
  expect(written).toHaveBeenCalledTimes(2);
  expect(stored.get(1)).toBe("first");
});

test("[T3] a frame for everybody and an ephemeral one write no row of a relay", async () => {
  const { relays, calls, stored } = withRelay(1_000);
  const written = vi.spyOn(stored, "set");
  relays.send({ ...frame, narrowed: undefined });
  relays.send({ ...frame, isEphemeral: true });
  await settle();
  await calls[0]?.answer();
  expect(written).not.toHaveBeenCalled();
});

test("[T4] an answer at one relay waits for no other relay", async () => {
  const { relays, calls } = withRelay(
    1_000,
    new Map([
      [2, "a"],
      [3, "b"],
    ]),
  );
  relays.send({ ...frame, narrowed: undefined });
  await settle();
  expect(calls).toHaveLength(2);
  await calls[0]?.answer(); // the other one hangs
  relays.send({ ...frame, narrowed: undefined });
  await settle();
  await calls[2]?.answer();
  expect(relays.awaitedAt(2)).toBeUndefined();
  expect(relays.awaitedAt(3)).toBeDefined();
});
