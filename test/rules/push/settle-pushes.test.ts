import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { PushRetry } from "../../../src/push/deliverer.ts";
import type { PushDelivery, PushWork } from "../../../src/push/push-work.ts";
import { attemptOnce, settlePushes } from "../../../src/push/settle-pushes.ts";
import { deliveryTo } from "./recipients.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Hands one message over; what became of it, and what was queued besides. */
async function taken(body: PushWork, attempts: number, deliver: (delivery: PushDelivery) => PushRetry[]) {
  const queued: { work: PushWork; delaySeconds: number }[] = [];
  let end = "nothing";
  const message = {
    body,
    attempts,
    ack: () => {
      end = "taken";
    },
    retry: ({ delaySeconds }: { delaySeconds: number }) => {
      end = `again in ${delaySeconds} s`;
    },
  };
  await settlePushes([message], {
    deliver: async (delivery) => deliver(delivery),
    select: async () => {
      throw new Error("D1 is down");
    },
    queue: async (work, delaySeconds) => {
      queued.push({ work, delaySeconds });
    },
  });
  return { end, queued };
}

const retrying =
  (clientIds: string[], retryAfter?: number) =>
  ({ recipients }: PushDelivery): PushRetry[] => {
    const some = recipients.filter((recipient) =>
      recipient.clientIds.some((each) => clientIds.includes(each)),
    );
    return some.length === 0 ? [] : [{ recipients: some, retryAfter }];
  };

test("[P-01] a delivered push is removed from the queue", async () => {
  expect(await taken(deliveryTo(["Jerry"]), 1, retrying([]))).toEqual({ end: "taken", queued: [] });
});

test("[P-01] only recipients that were not served are retried", async () => {
  const delivery = deliveryTo(["Jerry", "Spike"]);
  const { end, queued } = await taken(delivery, 1, retrying(["Spike"]));
  expect(end).toBe("taken");
  const recipients = delivery.recipients.slice(1);
  expect(queued).toEqual([{ work: { ...delivery, recipients, attempts: 1 }, delaySeconds: 5 }]);
});

test("[P-01] recipients with different delays are queued separately", async () => {
  const delivery = deliveryTo(["Jerry", "Spike"]);
  const each = (body: PushDelivery) => [...retrying(["Jerry"])(body), ...retrying(["Spike"], 90_000)(body)];
  const { end, queued } = await taken(delivery, 1, each);
  expect(end).toBe("taken");
  expect(queued.map(({ delaySeconds }) => delaySeconds)).toEqual([5, 90]);
});

test.each([
  ["after 5 s at first", 1, undefined, 5],
  ["after growing delays", 4, undefined, 40],
  ["after two hours at most", 40, undefined, 7_200],
  ["after the provider's own delay", 1, 90_000, 90],
  ["not sooner than without a delay of its own", 6, 1_000, 160],
  ["not later than a queue keeps it", 1, 100_000_000, 43_200],
])("[P-01] a provider that accepts nothing is tried again %s", async (_, attempts, retryAfter, seconds) => {
  const { end } = await taken(deliveryTo(["Jerry"]), attempts, retrying(["Jerry"], retryAfter));
  expect(end).toBe(`again in ${seconds} s`);
});

test("[P-01] earlier attempts of a delivery that was split count as well", async () => {
  const { end } = await taken(deliveryTo(["Jerry"], { attempts: 3 }), 1, retrying(["Jerry"]));
  expect(end).toBe("again in 40 s");
});

test("[P-15] a hundred attempts take longer than the seven days of a push", () => {
  let seconds = 0;
  for (let attempt = 1; attempt <= 100; attempt++) seconds += Math.min(5 * 2 ** (attempt - 1), 7_200);
  expect(seconds).toBeGreaterThan(7 * 24 * 60 * 60);
});

test("[N-05] a selection that fails is repeated", async () => {
  const selection = { type: "select" as const, number: 1, after: undefined };
  expect((await taken(selection, 1, retrying([]))).end).toBe("again in 5 s");
});

test("[I11] a first attempt that the queue does not take rejects once the other deliveries were made, and not before", async () => {
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  let made = 0;
  try {
    const attempt = attemptOnce([deliveryTo(["Jerry"]), deliveryTo(["Spike"])], {
      deliver: async (delivery) => {
        if (delivery.recipients.some(({ clientIds }) => clientIds.includes("Jerry")))
          return retrying(["Jerry"])(delivery);
        for (let turns = 0; turns < 3; turns++) await turn();
        made += 1;
        return [];
      },
      queue: () => Promise.reject(new Error("the queue is down")),
    });
    await expect(attempt).rejects.toThrow("the queue is down");
  } finally {
    process.off("unhandledRejection", unhandled);
  }
  expect([made, unhandled.mock.calls]).toEqual([1, []]);
});
