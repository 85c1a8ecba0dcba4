import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SettingsReader } from "../../../src/app/shared-settings.ts";
import type { StoredSettings } from "../../../src/database/stored-settings.ts";

const stored = (members: number): StoredSettings => ({
  overrides: JSON.stringify({ limits: { members } }),
  watchedUntil: undefined,
});

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("a thousand isolates that start within 2 s cost one question to D1, and each knows how old the answer is", async () => {
  const read = vi.fn(async () => stored(1));
  const reader = new SettingsReader(read, Date.now);
  const first = await Promise.all(Array.from({ length: 500 }, () => reader.current()));
  vi.advanceTimersByTime(2_000);
  const later = await Promise.all(Array.from({ length: 500 }, () => reader.current()));
  expect(new Set(first.map((each) => each?.age))).toEqual(new Set([0]));
  expect(new Set(later.map((each) => each?.age))).toEqual(new Set([2_000]));
  expect(read).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect((await reader.current())?.age).toBe(0);
  expect(read).toHaveBeenCalledTimes(2);
});

test("what was read before the owner's change is not handed on after it, even if it comes later", async () => {
  const { promise, resolve } = Promise.withResolvers<StoredSettings>();
  const read = vi.fn(() => promise);
  const reader = new SettingsReader(read, Date.now);
  const asking = reader.current();
  reader.changed();
  read.mockResolvedValue(stored(2));
  expect((await reader.current())?.overrides).toBe(stored(2).overrides);
  resolve(stored(1));
  expect((await asking)?.overrides).toBe(stored(2).overrides);
  expect((await reader.current())?.overrides).toBe(stored(2).overrides);
});

test("[I11] a D1 that does not answer is asked by a shard once a second, and those who start are told at once", async () => {
  const read = vi.fn(() => new Promise<StoredSettings>(() => {}));
  const reader = new SettingsReader(read, Date.now);
  const asking = reader.current();
  await vi.advanceTimersByTimeAsync(1_500);
  expect(await asking).toBeUndefined();
  expect(await reader.current()).toBeUndefined();
  expect(read).toHaveBeenCalledTimes(1);
  read.mockResolvedValue(stored(3));
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await reader.current())?.overrides).toBe(stored(3).overrides);
  expect(vi.getTimerCount()).toBe(0);
});
