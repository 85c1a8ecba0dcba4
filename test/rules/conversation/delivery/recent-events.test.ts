import { expect, test } from "vitest";
import { LONGEST_DELIVERY } from "../../../../src/bounds.ts";
import { RecentEvents } from "../../../../src/conversation/delivery/recent-events.ts";

test("[L3] a session gets once the recent events that were sent after its login to others", () => {
  const recent = new RecentEvents();
  const events = [1, 2, 3].map((byte) => ({ ephemeral: new Uint8Array([byte]) }));
  for (const [at, event] of events.entries()) recent.add(event, ["phone"], 1_000 + at);
  expect(recent.takeMissedBy("phone", 0)).toEqual([]);
  expect(recent.takeMissedBy("tablet", 1_001)).toEqual(events.slice(1));
  expect(recent.takeMissedBy("tablet", 1_001)).toEqual([]);
});

test("[L3] a recent notice is given again to a session whose subscription broke", () => {
  const recent = new RecentEvents();
  const notice = new Uint8Array([1]);
  recent.add(notice, ["phone"], 1_000);
  recent.add({ ephemeral: new Uint8Array([2]) }, ["phone"], 1_000);
  expect(recent.takeMissedBy("phone", 1_000)).toEqual([notice]);
  expect(recent.takeMissedBy("phone", 1_001)).toEqual([]);
  expect(recent.notices(1_000 + LONGEST_DELIVERY - 1)).toEqual([notice]);
  expect(recent.notices(1_000 + LONGEST_DELIVERY)).toEqual([]);
});

test("[I13] recent events are kept for 30 s, and 200 of them at most", () => {
  const recent = new RecentEvents();
  const event = new Uint8Array([1]);
  for (let at = 0; at < 300; at += 1) recent.add(event, ["phone"], 1_000);
  expect(recent.takeMissedBy("tablet", 0)).toHaveLength(200);
  recent.add(event, ["phone"], 1_000 + LONGEST_DELIVERY);
  expect(recent.takeMissedBy("laptop", 0)).toHaveLength(1);
});
