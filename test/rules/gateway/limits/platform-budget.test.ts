import { expect, test } from "vitest";
import { CPU_PER_SOCKET, SUBREQUESTS_PER_SOCKET, SUBSCRIPTIONS_OF_ALL } from "../../../../src/bounds.ts";
import { IsolateSubscriptions, PlatformBudget } from "../../../../src/gateway/limits/platform-budget.ts";

/** A socket's allotment, and how often it was handed over. */
function allotment() {
  const told = { handedOver: 0 };
  const handOver = () => (told.handedOver += 1);
  return { told, allotment: new PlatformBudget(handOver, () => 0) };
}

test("a socket that used up its allotment is handed over exactly once", () => {
  const { told, allotment: used } = allotment();
  for (let calls = 1; calls < SUBREQUESTS_PER_SOCKET; calls += 1) used.called();
  expect(told.handedOver).toBe(0);
  for (let calls = 0; calls < 100; calls += 1) used.called();
  expect(told.handedOver).toBe(1);
});

test("a socket with a message a second each way for a day is not handed over for its CPU", () => {
  const { told, allotment: used } = allotment();
  for (let second = 0; second < 86_400; second += 1) {
    used.received(200);
    used.sent(1, 300);
  }
  expect(told.handedOver).toBe(0);
});

test("a socket that floods is handed over before it used the CPU that Cloudflare allows", () => {
  const { told, allotment: used } = allotment();
  let frames = 0;
  for (; told.handedOver === 0; frames += 1) used.received(1024);
  expect(frames).toBeLessThanOrEqual(CPU_PER_SOCKET / 0.2);
});

test("sockets that were sent the same are handed over at different times, none before four fifths of its allotment", () => {
  const callsUntilHandOver = (random: number) => {
    const told = { handedOver: 0 };
    const used = new PlatformBudget(
      () => (told.handedOver += 1),
      () => random,
    );
    let calls = 0;
    for (; told.handedOver === 0; calls += 1) used.called();
    return calls;
  };
  expect([0, 0.5, 1].map(callsUntilHandOver)).toEqual([
    SUBREQUESTS_PER_SOCKET,
    SUBREQUESTS_PER_SOCKET * 0.9,
    SUBREQUESTS_PER_SOCKET * 0.8,
  ]);
});

test("sessions hold fewer subscriptions, at least one, while their isolate is full of them", () => {
  const subscriptions = new IsolateSubscriptions();
  subscriptions.changed(SUBSCRIPTIONS_OF_ALL);
  expect(subscriptions.limit(64)).toBe(64);
  subscriptions.changed(SUBSCRIPTIONS_OF_ALL);
  expect([subscriptions.limit(64), subscriptions.limit(1)]).toEqual([32, 1]);
  subscriptions.changed(-SUBSCRIPTIONS_OF_ALL);
  expect(subscriptions.limit(64)).toBe(64);
});
