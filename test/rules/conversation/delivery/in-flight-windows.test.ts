import { expect, test } from "vitest";
import { LONGEST_DELIVERY } from "../../../../src/bounds.ts";
import { InFlightWindows } from "../../../../src/conversation/delivery/in-flight-windows.ts";
import { RecentEphemeral } from "../../../../src/conversation/delivery/recent-ephemeral.ts";

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

test("[L3] a session gets once the recent ephemeral events that were sent after its login to others", () => {
  const recent = new RecentEphemeral();
  const records = [1, 2, 3].map((byte) => new Uint8Array([byte]));
  for (const [at, record] of records.entries()) recent.add(record, ["phone"], 1_000 + at);
  expect(recent.takeMissedBy("phone", 0)).toEqual([]);
  expect(recent.takeMissedBy("tablet", 1_001)).toEqual(records.slice(1));
  expect(recent.takeMissedBy("tablet", 1_001)).toEqual([]);
});

test("[I13] recent ephemeral events are kept for 30 s, and 200 of them at most", () => {
  const recent = new RecentEphemeral();
  const record = new Uint8Array([1]);
  for (let at = 0; at < 300; at += 1) recent.add(record, ["phone"], 1_000);
  expect(recent.takeMissedBy("tablet", 0)).toHaveLength(200);
  recent.add(record, ["phone"], 1_000 + LONGEST_DELIVERY);
  expect(recent.takeMissedBy("laptop", 0)).toHaveLength(1);
});
