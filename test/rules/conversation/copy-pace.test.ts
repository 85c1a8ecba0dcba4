import { describe, expect, test } from "vitest";
import { CopyPace } from "../../../src/conversation/copy-pace.ts";

const NOON = 43_200_000;

/** A pace that has seen copies of this length (ms) often enough to count on it. */
function paceOf(cost: number): CopyPace {
  const pace = new CopyPace();
  for (let copy = 0; copy < 50; copy++) pace.took(cost);
  return pace;
}

const turns = (pace: CopyPace, count: number, now = NOON) =>
  Array.from({ length: count }, () => pace.turn(now, 0));

describe("copies to D1", () => {
  test("[I11] one after a quiet moment is made at once, however long copies take", () => {
    const pace = paceOf(200);
    expect(pace.turn(NOON, 0)).toBe(0);
    expect(pace.turn(NOON + 2_000, 0)).toBe(0);
  });

  test("[I13] many at once follow one another at a distance that grows with what one takes", () => {
    expect(turns(paceOf(2), 4).map(Math.round)).toEqual([0, 10, 20, 30]);
    expect(turns(paceOf(20), 4).map(Math.round)).toEqual([0, 100, 200, 300]);
  });

  test("[I11] none is put off for more than 8 s, however many there are and whatever one takes", () => {
    for (const cost of [1, 50, 60_000])
      expect(Math.max(...turns(paceOf(cost), 5_000))).toBeLessThanOrEqual(8_000);
  });

  test("[I11] a conversation that gathers for longer is not put off beyond that", () => {
    const pace = paceOf(10);
    expect(pace.turn(NOON, 8_000)).toBe(8_000);
    expect(Math.round(pace.turn(NOON, 0))).toBe(50);
  });

  test("[I11] turns given away before the clock was set back hold nobody up", () => {
    const pace = paceOf(50);
    turns(pace, 1_000);
    expect(pace.turn(NOON - 3_600_000, 0)).toBe(0);
  });
});
