import { expect, test } from "vitest";
import { SubscriptionFailures } from "../../../../src/gateway/session/subscription-failures.ts";

const NOW = 1_800_000_000_000; // ms

test("[L7.1] a subscription that breaks is opened again at once", () => {
  expect(new SubscriptionFailures().broke(NOW)).toBe(0);
});

test("[L7.6] [L7.7] a subscription that keeps breaking waits 5 s, then 10 s, and 60 s at most", () => {
  const failures = new SubscriptionFailures();
  let now = NOW;
  const pauses = Array.from({ length: 7 }, () => {
    const pause = failures.broke(now);
    now += pause + 1_000;
    return pause;
  });
  expect(pauses).toEqual([0, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
});

test("[L7.6] a failure more than 10 s after the last pause is a first one again", () => {
  const failures = new SubscriptionFailures();
  failures.broke(NOW);
  expect(failures.broke(NOW + 9_999)).toBe(5_000);
  expect(failures.broke(NOW + 9_999 + 15_000)).toBe(0);
});

test("[L7.7] a failure is recent for 1 s, and not if the clock was set back since", () => {
  const failures = new SubscriptionFailures();
  expect(failures.isRecent(NOW)).toBe(false);
  failures.broke(NOW);
  expect([NOW, NOW + 999, NOW + 1_000, NOW - 1].map((now) => failures.isRecent(now))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("[L7.6] a subscription may be opened again three times within 10 s without having failed", () => {
  const failures = new SubscriptionFailures();
  expect([1, 2, 3, 4].map((at) => failures.resynced(at))).toEqual([true, true, true, false]);
  expect(failures.resynced(10_004)).toBe(true);
});
