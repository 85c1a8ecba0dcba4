import { describe, expect, test } from "vitest";
import {
  archivedSinceAfter,
  readableSince,
  unkeptBefore,
  writtenSince,
} from "../../../src/settings/history-settings.ts";
import { defaultSettings, patchProblem, type Settings } from "../../../src/settings/schema.ts";

/** What D1 keeps of messages, and from when on it has all of them. */

const DAY = 24 * 60 * 60 * 1_000;
const NOW = 400 * DAY;
const history = (fields: Partial<Settings["history"]>): Settings["history"] => ({
  ...defaultSettings(false).history,
  ...fields,
});

const all = history({});
const days = history({ archive: "days", archiveDays: 30 });
const off = history({ archive: "off" });

test("by default D1 keeps every message", () => {
  expect(writtenSince(all, NOW)).toBe(0);
  expect(readableSince(all, NOW)).toBe(0);
  expect(unkeptBefore(all, NOW)).toBeUndefined();
});

test("with days, older messages are neither written nor read, and are deleted", () => {
  for (const time of [writtenSince, readableSince, unkeptBefore])
    expect(time(days, NOW)).toBe(NOW - 30 * DAY);
});

test("with off nothing is written or read, and what is there is deleted if the owner says so", () => {
  expect(writtenSince(off, NOW)).toBe(Number.POSITIVE_INFINITY);
  expect(readableSince(off, NOW)).toBe(Number.POSITIVE_INFINITY);
  expect(unkeptBefore(off, NOW)).toBeUndefined();
  expect(unkeptBefore(history({ archive: "off", deleteArchived: true }), NOW)).toBe(NOW);
});

describe("what D1 lacks from before a change", () => {
  test("is nothing while it kept everything", () => {
    for (const after of [all, days, off]) expect(archivedSinceAfter(all, after, NOW)).toBe(0);
  });

  test("stays missing when D1 keeps more days again", () => {
    for (const after of [all, history({ archive: "days", archiveDays: 90 }), off])
      expect(archivedSinceAfter(days, after, NOW)).toBe(NOW - 30 * DAY);
    expect(archivedSinceAfter(days, history({ archive: "days", archiveDays: 30 }), NOW)).toBe(0);
  });

  test("is everything up to the change, and some seconds that it takes, when D1 kept nothing", () => {
    for (const after of [all, days]) {
      const since = archivedSinceAfter(off, after, NOW);
      expect(since).toBeGreaterThan(NOW + 5_000);
      expect(since).toBeLessThan(NOW + 60_000);
    }
    expect(archivedSinceAfter(off, off, NOW)).toBe(0);
  });

  test("never becomes less", () => {
    const late = history({ archivedSince: NOW + 1 });
    for (const after of [all, days, off]) expect(archivedSinceAfter(late, after, NOW)).toBe(NOW + 1);
    expect(archivedSinceAfter({ ...days, archivedSince: NOW }, all, NOW)).toBe(NOW);
  });
});

test("no patch sets the time from which D1 has all messages", () => {
  expect(patchProblem({ history: { archivedSince: 5 } })).toMatch(/history\.archivedSince/);
  expect(patchProblem({ history: { archivedSince: null } })).toMatch(/history\.archivedSince/);
  expect(patchProblem({ history: { archive: "days", archiveDays: 30 } })).toBeUndefined();
  expect(patchProblem({ history: { archive: "some" } })).toMatch(/all, days or off/);
});
