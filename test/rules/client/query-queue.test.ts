import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { QueryQueue, TooManyQueries } from "../../../src/client/query-queue.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const after = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Queries that each take so long (ms), and how each ended. */
function queries(queue: QueryQueue, count: number, took: number) {
  const events: string[] = [];
  let running = 0;
  let most = 0;
  const outcomes = Array.from({ length: count }, (_, at) =>
    queue
      .run(async () => {
        events.push(`${at}`);
        running += 1;
        most = Math.max(most, running);
        await after(took);
        running -= 1;
        if (at % 3 === 1) throw new Error("D1 is down");
      })
      .then(
        () => "answered",
        (error) => (error instanceof TooManyQueries ? "refused" : "failed"),
      ),
  );
  return { events, most: () => most, outcomes: Promise.all(outcomes) };
}

test("[I13] a few queries of all clients run in D1 at a time, in the order of arrival, also after some failed", async () => {
  const queue = new QueryQueue({ atOnce: 2, waiting: 100, wait: 1_000, longest: 5_000 });
  const asked = queries(queue, 9, 100);
  await vi.advanceTimersByTimeAsync(800);
  // Of two whose turn it is at once, either may be first.
  expect(asked.events.map(Number).every((query, at) => Math.abs(query - at) < 2)).toBe(true);
  expect(asked.most()).toBe(2);
  const one = ["answered", "failed", "answered"];
  expect(await asked.outcomes).toEqual([...one, ...one, ...one]);
});

test("[I13] a query that cannot run in time is refused and never run, and those after it are run", async () => {
  const queue = new QueryQueue({ atOnce: 2, waiting: 100, wait: 1_000, longest: 5_000 });
  const slow = queries(queue, 6, 900);
  await vi.advanceTimersByTimeAsync(1_500);
  const quick = queries(queue, 3, 10);
  await vi.advanceTimersByTimeAsync(5_000);
  // The first two began at once, the next two after 900 ms, and the last two would have had to wait 1,800.
  expect(slow.events.toSorted()).toEqual(["0", "1", "2", "3"]);
  expect((await slow.outcomes).slice(4)).toEqual(["refused", "refused"]);
  expect(quick.events.length).toBe(3);
});

test("[I13] a query is refused at once if very many wait already", async () => {
  const queue = new QueryQueue({ atOnce: 1, waiting: 3, wait: 1_000, longest: 5_000 });
  const asked = queries(queue, 6, 10);
  await vi.advanceTimersByTimeAsync(100);
  expect(asked.events).toEqual(["0", "1", "2", "3"]);
  expect((await asked.outcomes).slice(4)).toEqual(["refused", "refused"]);
});

test("[I13] a query that died with its object keeps its place for a while, then others run", async () => {
  const queue = new QueryQueue({ atOnce: 1, waiting: 100, wait: 1_000, longest: 5_000 });
  void queue.run(() => new Promise(() => {}));
  const early = queries(queue, 2, 10);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(await early.outcomes).toEqual(["refused", "refused"]);
  await vi.advanceTimersByTimeAsync(1_100);
  const later = queries(queue, 1, 10);
  await vi.advanceTimersByTimeAsync(100);
  expect(await later.outcomes).toEqual(["answered"]);
});
