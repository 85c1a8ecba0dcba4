import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PasswordQueue, TooManyPasswords } from "../../../src/users/password-queue.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const BOUNDS = { waiting: 100, wait: 8_000, longest: 8_000 };
const TOOK = 100; // ms that each password takes

/** A queue, and what became of each password by the source it came from, in order. */
function watched(bounds = BOUNDS) {
  const queue = new PasswordQueue(bounds);
  const seen: string[] = [];
  let running = 0;
  const send = (source: string, count: number) => {
    for (let sent = 0; sent < count; sent++) {
      const work = async () => {
        running += 1;
        expect(running).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, TOOK));
        running -= 1;
        seen.push(source);
        if (sent % 3 === 1) throw new Error("D1 is down");
      };
      queue.run(source, work).catch((error) => {
        if (error instanceof TooManyPasswords) seen.push(`${source} refused`);
      });
    }
  };
  return { queue, seen, send };
}

describe("[C-05] passwords that wait", () => {
  test("[C-05] the passwords of one source are worked on one by one in the order of arrival, also after some failed", async () => {
    const queue = new PasswordQueue(BOUNDS);
    const order: number[] = [];
    const all = Array.from({ length: 9 }, (_, at) =>
      queue.run("home", async () => {
        order.push(at);
        if (at % 2 === 1) throw new Error("D1 is down");
      }),
    );
    const settled = Promise.allSettled(all);
    await vi.advanceTimersByTimeAsync(1_000);
    await settled;
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("[C-05] sources take turns, however much each of them sends", async () => {
    const { seen, send } = watched();
    send("a", 4);
    send("b", 2);
    send("c", 1);
    await vi.advanceTimersByTimeAsync(10 * TOOK);
    expect(seen).toEqual(["a", "b", "c", "a", "b", "a", "a"]);
  });

  test("[C-05] of ten sources that send all the time, none keeps a user elsewhere waiting for more than one password of each", async () => {
    const { seen, send } = watched();
    for (let attacker = 0; attacker < 10; attacker++) send(`attacker ${attacker}`, 60);
    await vi.advanceTimersByTimeAsync(2_000);
    seen.length = 0;
    send("home", 1);
    for (let attacker = 0; attacker < 10; attacker++) send(`attacker ${attacker}`, 60);
    await vi.advanceTimersByTimeAsync(12 * (TOOK + 5));
    const worked = seen.filter((each) => !each.endsWith("refused"));
    expect(worked.indexOf("home")).toBeGreaterThanOrEqual(0);
    expect(worked.indexOf("home")).toBeLessThanOrEqual(10);
  });

  test("[C-05] if too many wait, those are refused that have the most of their source before them", async () => {
    const { seen, send } = watched({ ...BOUNDS, waiting: 5 });
    send("a", 10);
    await vi.advanceTimersByTimeAsync(1);
    // One is worked on, and six wait: a password with five before it still waits.
    expect(seen).toEqual(Array(4).fill("a refused"));
    send("b", 1);
    await vi.advanceTimersByTimeAsync(20 * TOOK);
    expect(seen.slice(4)).toEqual(["a refused", "a", "b", "a", "a", "a", "a"]);
  });

  test("[C-05] a password that has no turn in time is refused and never worked on", async () => {
    const { seen, send } = watched({ ...BOUNDS, wait: 250 });
    send("a", 5);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(seen.filter((each) => each === "a refused")).toHaveLength(2);
    expect(seen.filter((each) => each === "a")).toHaveLength(3);
  });

  test("[C-05] work that died with its request keeps its place for a while, then others have a turn", async () => {
    const { queue, seen, send } = watched();
    void queue.run("a", () => new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(7_000);
    send("b", 1);
    await vi.advanceTimersByTimeAsync(900);
    expect(seen).toEqual([]);
    await vi.advanceTimersByTimeAsync(300);
    expect(seen).toEqual(["b"]);
  });
});
