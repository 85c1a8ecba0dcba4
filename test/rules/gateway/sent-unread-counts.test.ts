import { expect, test } from "vitest";
import { SentUnreadCounts } from "../../../src/gateway/sent-unread-counts.ts";

const NOW = 1_800_000_000_000; // ms

test("[I5] an unread count from before the last one sent is stale, one of the same time or of another conversation is not", () => {
  const told = new SentUnreadCounts();
  expect(told.isStale("chat", { upTo: 1, changedAt: NOW })).toBe(false);
  told.add("chat", { upTo: 1, changedAt: NOW });
  expect(told.isStale("chat", { upTo: 1, changedAt: NOW - 1 })).toBe(true);
  expect(told.isStale("chat", { upTo: 1, changedAt: NOW })).toBe(false);
  expect(told.isStale("chat", { upTo: 1, changedAt: NOW + 1 })).toBe(false);
  expect(told.isStale("house", { upTo: 1, changedAt: NOW - 1 })).toBe(false);
});

test("[I5] an unread count by a clock that was set back is not stale", () => {
  const told = new SentUnreadCounts();
  told.add("chat", { upTo: 1, changedAt: NOW });
  expect(told.isStale("chat", { upTo: 1, changedAt: NOW - 60 * 60 * 1000 })).toBe(false);
});

test("[I5] no unread count is stale once a message arrives that the last count included", () => {
  const told = new SentUnreadCounts();
  told.add("chat", { upTo: NOW, changedAt: NOW + 5 });
  told.countedByDevice("chat", NOW + 1);
  expect(told.isStale("chat", { upTo: NOW + 1, changedAt: NOW })).toBe(true);
  told.countedByDevice("chat", NOW);
  expect(told.isStale("chat", { upTo: NOW + 1, changedAt: NOW })).toBe(false);
});
