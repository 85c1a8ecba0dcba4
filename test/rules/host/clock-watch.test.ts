import { expect, test } from "vitest";
import { ClockWatch } from "../../../scripts/clock-watch.ts";

function watched() {
  const clocks = { wall: 1_700_000_000_000, steady: 0 };
  const watch = new ClockWatch({ wall: () => clocks.wall, steady: () => clocks.steady });
  /** So much time passes (ms), and the clock is set by so much. */
  return (passes: number, set = 0) => {
    clocks.steady += passes;
    clocks.wall += passes + set;
    return watch.setBackBy();
  };
}

test("the clock watch reports a clock set back by more than five seconds once, with the difference", () => {
  const look = watched();
  expect([look(1_000), look(1_000, -3_600_000), look(1_000)]).toEqual([0, 3_600_000, 0]);
});

test("the clock watch ignores a clock set forward or slightly back, and a stopped process", () => {
  const look = watched();
  expect([look(1_000, 3_600_000), look(1_000, -4_000), look(1_000, -4_000), look(60_000)]).toEqual([
    0, 0, 0, 0,
  ]);
});
