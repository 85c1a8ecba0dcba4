import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SettingsCache } from "../../../src/settings/cache.ts";
import { defaultSettings, type Settings } from "../../../src/settings/schema.ts";

const defaults = defaultSettings(false);
const withMembers = (members: number): Settings => ({ ...defaults, limits: { ...defaults.limits, members } });

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a cache of the settings", () => {
  test("knows nothing without waiting until it has read once", async () => {
    const cache = new SettingsCache(async () => withMembers(1), defaults);
    expect(cache.peek()).toBeUndefined();
    expect(await cache.get()).toEqual(withMembers(1));
    expect(cache.peek()).toEqual(withMembers(1));
  });

  test("reads again only after 5 s", async () => {
    let members = 0;
    const read = vi.fn(async () => withMembers(++members));
    const cache = new SettingsCache(read, defaults);
    await cache.get();
    vi.advanceTimersByTime(5_000);
    expect((await cache.get()).limits.members).toBe(1);
    vi.advanceTimersByTime(1);
    expect(cache.peek()).toBeUndefined();
    expect((await cache.get()).limits.members).toBe(2);
    expect(read).toHaveBeenCalledTimes(2);
  });

  test("while one caller reads, the others go on with what is known", async () => {
    vi.useFakeTimers();
    const { promise, resolve } = Promise.withResolvers<Settings>();
    const read = vi.fn(() => Promise.resolve(withMembers(3)));
    const cache = new SettingsCache(read, defaults);
    await cache.get();
    vi.advanceTimersByTime(5_001);
    read.mockImplementation(() => promise);
    const reader = cache.get();
    expect((await cache.get()).limits.members).toBe(3);
    resolve(withMembers(4));
    expect((await reader).limits.members).toBe(4);
    expect((await cache.get()).limits.members).toBe(4);
    expect(read).toHaveBeenCalledTimes(2);
  });

  test("what was just stored counts at once, and a read begun before does not undo it", async () => {
    const { promise, resolve } = Promise.withResolvers<Settings>();
    const cache = new SettingsCache(() => promise, defaults);
    const reading = cache.get();
    cache.set(withMembers(9));
    resolve(withMembers(2));
    expect((await reading).limits.members).toBe(9);
    expect(cache.peek()?.limits.members).toBe(9);
  });
});

describe("[I11] a D1 that is down", () => {
  test("leaves the defaults, and is asked once a second", async () => {
    const read = vi.fn(() => Promise.reject<Settings>(new Error("down")));
    const cache = new SettingsCache(read, defaults);
    expect(await cache.get()).toEqual(defaults);
    vi.advanceTimersByTime(999);
    expect(await cache.get()).toEqual(defaults);
    expect(read).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(await cache.get()).toEqual(defaults);
    expect(read).toHaveBeenCalledTimes(2);
    expect(cache.peek()).toBeUndefined();
  });

  test("leaves the last known settings, and new ones count when it is back", async () => {
    const read = vi.fn(async () => withMembers(1));
    const cache = new SettingsCache(read, defaults);
    await cache.get();
    vi.advanceTimersByTime(6_000);
    read.mockRejectedValueOnce(new Error("down"));
    expect((await cache.get()).limits.members).toBe(1);
    vi.advanceTimersByTime(1_000);
    read.mockResolvedValueOnce(withMembers(2));
    expect((await cache.get()).limits.members).toBe(2);
  });

  test("that never answers costs each caller 2 s at most and leaves no timer", async () => {
    const read = vi.fn(() => new Promise<Settings>(() => {}));
    const cache = new SettingsCache(read, defaults);
    const first = cache.get();
    await vi.advanceTimersByTimeAsync(1_500);
    const second = cache.get();
    await vi.advanceTimersByTimeAsync(500);
    expect(await first).toEqual(defaults);
    expect(await cache.get()).toEqual(defaults);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await second).toEqual(defaults);
    expect(vi.getTimerCount()).toBe(0);
    read.mockResolvedValueOnce(withMembers(4));
    await vi.advanceTimersByTimeAsync(1_000); // the second caller's failure counts as well
    expect((await cache.get()).limits.members).toBe(4);
  });

  test("leaves no timer when it answers", async () => {
    const cache = new SettingsCache(async () => withMembers(1), defaults);
    await cache.get();
    expect(vi.getTimerCount()).toBe(0);
  });
});
