import { expect, test } from "vitest";
import { ConversationProgress } from "../../../../src/gateway/session/conversation-progress.ts";

const NOW = 1_800_000_000_000; // ms

test("[L6] an entry is seen up to the position, and the next one names its predecessor", () => {
  const progress = new ConversationProgress();
  expect(progress.classify({ timestamp: 10, previous: 5 })).toBe("next");
  progress.advance(10);
  progress.advance(7);
  expect(progress.position).toBe(10);
  expect(progress.classify({ timestamp: 10, previous: 5 })).toBe("seen");
  expect(progress.classify({ timestamp: 20, previous: 10 })).toBe("next");
  expect(progress.classify({ timestamp: 30, previous: 20 })).toBe("gap");
});

test("[L6] the beginning of an empty log is a position", () => {
  const progress = new ConversationProgress();
  progress.advance(0);
  expect(progress.classify({ timestamp: 20, previous: 10 })).toBe("gap");
});

test("[I4] a notice is delivered once, also one that a later notice has overtaken", () => {
  const progress = new ConversationProgress();
  progress.addNotice(30);
  expect([progress.hasNotice(30), progress.hasNotice(20)]).toEqual([true, false]);
  progress.addNotice(20);
  expect(progress.hasNotice(20)).toBe(true);
});

test("[I4] notices older than the latest 16 of a conversation count as delivered", () => {
  const progress = new ConversationProgress();
  for (let at = 1; at <= 100; at += 1) progress.addNotice(at * 10);
  expect(progress.hasNotice(15)).toBe(true);
  expect(progress.hasNotice(995)).toBe(false);
});

test("[I5] an unread count from before the last one sent is stale, one of the same time is not", () => {
  const progress = new ConversationProgress();
  expect(progress.isStale({ upTo: 1, changedAt: NOW })).toBe(false);
  progress.addCount({ upTo: 1, changedAt: NOW });
  expect(progress.isStale({ upTo: 1, changedAt: NOW - 1 })).toBe(true);
  expect(progress.isStale({ upTo: 1, changedAt: NOW })).toBe(false);
  expect(progress.isStale({ upTo: 1, changedAt: NOW + 1 })).toBe(false);
});

test("[I5] an unread count by a clock that was set back is not stale", () => {
  const progress = new ConversationProgress();
  progress.addCount({ upTo: 1, changedAt: NOW });
  expect(progress.isStale({ upTo: 1, changedAt: NOW - 60 * 60 * 1000 })).toBe(false);
});

test("[I5] no unread count is stale once a message arrives that the last count included", () => {
  const progress = new ConversationProgress();
  progress.addCount({ upTo: NOW, changedAt: NOW + 5 });
  progress.countedByDevice(NOW + 1);
  expect(progress.isStale({ upTo: NOW + 1, changedAt: NOW })).toBe(true);
  progress.countedByDevice(NOW);
  expect(progress.isStale({ upTo: NOW + 1, changedAt: NOW })).toBe(false);
});

test("[L6.3] a session without a position lacks what the earliest of its wakes names", () => {
  const progress = new ConversationProgress();
  expect(progress.lacked).toEqual({ since: undefined, isSinceWake: true, noticesAfter: undefined });
  progress.wokenFor({ since: 20, noticesAfter: undefined });
  progress.wokenFor({ since: 10, noticesAfter: 15 });
  expect(progress.lacked).toEqual({ since: 10, isSinceWake: true, noticesAfter: 15 });
});

test("[L6.2] a session with a position lacks nothing before it, whatever a wake names", () => {
  const progress = new ConversationProgress();
  progress.advance(30);
  progress.wokenFor({ since: 10, noticesAfter: undefined });
  expect(progress.lacked.since).toBe(30);
  expect(progress.settleWakes({ since: 30, noticesAfter: 0 })).toBe(true);
});

test("[L6.5] a replay that begins after what the session was woken for does not cover it", () => {
  const progress = new ConversationProgress();
  progress.wokenFor({ since: 10, noticesAfter: 15 });
  expect(progress.settleWakes({ since: 20, noticesAfter: 15 })).toBe(false);
  expect(progress.settleWakes({ since: 10, noticesAfter: 16 })).toBe(false);
  expect(progress.settleWakes({ since: 10, noticesAfter: 15 })).toBe(true);
  progress.replayed(50, 40);
  expect(progress.lacked).toEqual({ since: 50, isSinceWake: false, noticesAfter: 40 });
});

test("[L6.4] a replay of notices begins 30 s before the newest, but not before the last replay", () => {
  const progress = new ConversationProgress();
  progress.addNotice(NOW);
  expect(progress.lacked.noticesAfter).toBe(NOW - 30_000);
  progress.replayed(0, NOW - 10_000);
  expect(progress.lacked.noticesAfter).toBe(NOW - 10_000);
});
