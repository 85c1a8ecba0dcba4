import { describe, expect, test } from "vitest";
import { Busiest } from "../../../src/usage/busiest.ts";

describe("the busiest conversations", () => {
  test("[G-07] a hundred thousand made-up conversations displace none of those that are busy", () => {
    const busiest = new Busiest(64);
    for (let round = 0; round < 100; round += 1) {
      for (let busy = 0; busy < 20; busy += 1) busiest.add(`busy ${busy}`, 5, 5);
      for (let made = 0; made < 1_000; made += 1) busiest.add(`made up ${round} ${made}`, 1, 0);
    }
    const top = busiest.top(20);
    expect(top.map(({ id }) => id).sort()).toEqual(
      Array.from({ length: 20 }, (_, busy) => `busy ${busy}`).sort(),
    );
    for (const { messages, rows } of top) expect({ messages, rows }).toEqual({ messages: 500, rows: 500 });
  });

  test("[G-07] it remembers as many as it has places, whatever is counted", () => {
    const busiest = new Busiest(64);
    for (let index = 0; index < 10_000; index += 1) busiest.add(`conversation ${index}`, 1, 1);
    expect(busiest.top(1_000)).toHaveLength(64);
  });

  test("[G-07] one that becomes busy later takes a place", () => {
    const busiest = new Busiest(8);
    for (let index = 0; index < 8; index += 1) busiest.add(`early ${index}`, 10, 10);
    for (let said = 0; said < 1_000; said += 1) busiest.add("late", 1, 1);
    expect(busiest.top(1)[0]?.id).toBe("late");
  });
});
