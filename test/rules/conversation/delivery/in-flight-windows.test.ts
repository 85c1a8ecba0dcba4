import { expect, test } from "vitest";
import { LONGEST_DELIVERY } from "../../../../src/bounds.ts";
import { InFlightWindows } from "../../../../src/conversation/delivery/in-flight-windows.ts";

test("[L2] an in-flight window begins with the first relayed message and ends 30 s after the last", () => {
  let now = 1_000_000;
  const windows = new InFlightWindows(() => now);
  windows.extend("tom", 500);
  now += LONGEST_DELIVERY - 1;
  windows.extend("tom", 900);
  now += LONGEST_DELIVERY - 1;
  expect(windows.of("tom")).toEqual({ after: 500, lastAt: 1_000_000 + LONGEST_DELIVERY - 1 });
  expect(windows.of("jerry")).toBeUndefined();
  now += 1;
  expect(windows.of("tom")).toBeUndefined();
  windows.extend("tom", 950);
  expect(windows.of("tom")?.after).toBe(950);
});
