import { describe, expect, test } from "vitest";
import { CopyPace } from "../../../../src/conversation/copy/copy-pace.ts";

const NOON = 43_200_000;

/** A pace that has seen many copies of this duration (ms). */
function paceOf(cost: number): CopyPace {
  const pace = new CopyPace();
  for (let copy = 0; copy < 50; copy++) pace.addDuration(cost);
  return pace;
}

const slots = (pace: CopyPace, count: number, now = NOON) =>
  Array.from({ length: count }, () => pace.reserve(now, 0));

describe("copies of conversations to D1", () => {
  test("[I11] a copy after a quiet moment begins at once, however long copies take", () => {
    const pace = paceOf(200);
    expect(pace.reserve(NOON, 0)).toBe(0);
    expect(pace.reserve(NOON + 2_000, 0)).toBe(0);
  });

  test("[I13] many copies at once follow one another at a distance that grows with their duration", () => {
    expect(slots(paceOf(2), 4).map(Math.round)).toEqual([0, 20, 40, 60]);
    expect(slots(paceOf(20), 4).map(Math.round)).toEqual([0, 200, 400, 600]);
  });

  test("[I11] no copy is delayed for more than 8 s, however many wait and however long one takes", () => {
    for (const cost of [1, 50, 60_000])
      expect(Math.max(...slots(paceOf(cost), 5_000))).toBeLessThanOrEqual(8_000);
  });

  test("[I11] a conversation that gathers writes for longer is not delayed beyond that", () => {
    const pace = paceOf(10);
    expect(pace.reserve(NOON, 8_000)).toBe(8_000);
    expect(Math.round(pace.reserve(NOON, 0))).toBe(100);
  });

  test("[I11] slots reserved before the clock was set back delay no copy", () => {
    const pace = paceOf(50);
    slots(pace, 1_000);
    expect(pace.reserve(NOON - 3_600_000, 0)).toBe(0);
  });
});
