import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SettingsCache, type SettingsSource } from "../../../src/settings/cache.ts";
import { defaultSettings, type Settings } from "../../../src/settings/schema.ts";

const defaults = defaultSettings(false);
const withMembers = (members: number): Settings => ({ ...defaults, limits: { ...defaults.limits, members } });

/** A cache without a kept copy by default. */
const cacheOf = (read: SettingsSource["read"], kept: SettingsSource["kept"] = async () => undefined) =>
  new SettingsCache({ read, kept }, defaults);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a cache of the settings", () => {
  test("the cache of settings has no value until its first read", async () => {
    const cache = cacheOf(async () => withMembers(1));
    expect(cache.peek()).toBeUndefined();
    expect(await cache.get()).toEqual(withMembers(1));
    expect(cache.peek()).toEqual(withMembers(1));
  });

  test("the cache of settings reads again only after 5 s", async () => {
    let members = 0;
    const read = vi.fn(async () => withMembers(++members));
    const cache = cacheOf(read);
    await cache.get();
    vi.advanceTimersByTime(5_000);
    expect((await cache.get()).limits.members).toBe(1);
    vi.advanceTimersByTime(1);
    expect(cache.peek()).toBeUndefined();
    expect((await cache.get()).limits.members).toBe(2);
    expect(read).toHaveBeenCalledTimes(2);
  });

  test("a change reaches all callers within 8 s, however slowly D1 answers", async () => {
    let stored = 1;
    const cache = cacheOf(async () => {
      const read = withMembers(stored);
      await new Promise((resolve) => setTimeout(resolve, 1_999));
      return read;
    });
    const first = cache.get();
    stored = 2;
    const changedAt = Date.now();
    await vi.advanceTimersByTimeAsync(1_999);
    await first;
    for (;;) {
      const used = cache.get();
      await vi.advanceTimersByTimeAsync(0);
      // What others use meanwhile.
      if ((await cache.get()).limits.members === 2) break;
      await vi.advanceTimersByTimeAsync(100);
      void used;
    }
    expect(Date.now() - changedAt).toBeLessThanOrEqual(8_000);
  });

  test("the cache gives the last known settings to other callers while one caller reads", async () => {
    vi.useFakeTimers();
    const { promise, resolve } = Promise.withResolvers<Settings>();
    const read = vi.fn(() => Promise.resolve(withMembers(3)));
    const cache = cacheOf(read);
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

  test("the cache reads fresh settings for a caller that cannot use older ones, even while another caller reads", async () => {
    const { promise, resolve } = Promise.withResolvers<Settings>();
    const read = vi.fn(() => Promise.resolve(withMembers(3)));
    const cache = cacheOf(read);
    expect((await cache.fresh())?.limits.members).toBe(3);
    expect((await cache.fresh())?.limits.members).toBe(3);
    expect(read).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(5_001);
    read.mockImplementation(() => promise);
    const readers = [cache.get(), cache.fresh(), cache.fresh()];
    resolve(withMembers(4));
    for (const reader of readers) expect((await reader)?.limits.members).toBe(4);
  });

  test("the cache applies a stored change at once, and an earlier read does not undo it", async () => {
    const { promise, resolve } = Promise.withResolvers<Settings>();
    const cache = cacheOf(() => promise);
    const reading = cache.get();
    cache.set(withMembers(9));
    resolve(withMembers(2));
    expect((await reading).limits.members).toBe(9);
    expect(cache.peek()?.limits.members).toBe(9);
  });
});

describe("an isolate that has just started", () => {
  test("of a thousand callers that know no settings two read D1, and all have what it says", async () => {
    const { promise, resolve } = Promise.withResolvers<Settings>();
    const read = vi.fn(() => promise);
    const cache = cacheOf(read);
    const callers = Array.from({ length: 1_000 }, () => cache.get());
    await vi.advanceTimersByTimeAsync(300);
    resolve(withMembers(3));
    await vi.advanceTimersByTimeAsync(20);
    expect(new Set((await Promise.all(callers)).map(({ limits }) => limits.members))).toEqual(new Set([3]));
    expect(read).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("[I11] callers that wait for the settings of others have the copy, once those were told that D1 is down", async () => {
    const kept = vi.fn(async () => withMembers(5));
    const cache = cacheOf(() => Promise.reject(new Error("down")), kept);
    const callers = Array.from({ length: 100 }, () => cache.get());
    await vi.advanceTimersByTimeAsync(20);
    expect(new Set((await Promise.all(callers)).map(({ limits }) => limits.members))).toEqual(new Set([5]));
    expect(kept).toHaveBeenCalledTimes(2);
  });

  test("[I11] callers that wait for the settings of others wait 3 s at most, and later ones read again", async () => {
    const read = vi.fn(() => new Promise<Settings>(() => {}));
    const cache = cacheOf(read);
    const reading = [cache.get(), cache.get()];
    const waiting = cache.get();
    await vi.advanceTimersByTimeAsync(3_100);
    expect(await waiting).toEqual(defaults);
    await Promise.all(reading);
    read.mockResolvedValue(withMembers(4));
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await cache.get()).limits.members).toBe(4);
  });

  test("an isolate that starts asks D1 nothing if others have read it, and counts the age of what they read", async () => {
    const read = vi.fn(async () => withMembers(2));
    const shared = vi.fn(async () => ({ settings: withMembers(1), age: 1_500 }));
    const cache = new SettingsCache({ read, kept: async () => undefined, shared }, defaults);
    expect((await cache.get()).limits.members).toBe(1);
    expect([cache.isKnown, read.mock.calls.length]).toEqual([true, 0]);
    vi.advanceTimersByTime(3_500);
    expect(cache.peek()).toEqual(withMembers(1));
    vi.advanceTimersByTime(1);
    expect(cache.peek()).toBeUndefined();
    expect((await cache.get()).limits.members).toBe(2);
    expect(shared).toHaveBeenCalledTimes(1);
  });

  test.each([
    ["fail", () => Promise.reject(new Error("gone"))],
    ["know nothing", async () => undefined],
    ["hang", () => new Promise<undefined>(() => {})],
  ])("[I11] an isolate that starts asks D1 if others %s", async (_, shared) => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const source = { read: async () => withMembers(2), kept: async () => undefined, shared };
    const getting = new SettingsCache(source, defaults).get();
    await vi.advanceTimersByTimeAsync(500);
    expect((await getting).limits.members).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a change that is stored while an isolate asks others is not undone by what they read", async () => {
    const { promise, resolve } = Promise.withResolvers<{ settings: Settings; age: number }>();
    const source = { read: async () => withMembers(2), kept: async () => undefined, shared: () => promise };
    const cache = new SettingsCache(source, defaults);
    const getting = cache.get();
    cache.set(withMembers(9));
    resolve({ settings: withMembers(1), age: 0 });
    expect((await getting).limits.members).toBe(9);
  });

  test("isolates that started together read again at different times, none later than after 5 s", async () => {
    const agesAt = async (random: number) => {
      const cache = new SettingsCache(
        { read: async () => withMembers(1), kept: async () => undefined },
        defaults,
        Date.now,
        () => random,
      );
      await cache.get();
      const since = Date.now();
      while (cache.peek() !== undefined) vi.advanceTimersByTime(50);
      return Date.now() - since;
    };
    expect(await agesAt(0)).toBe(5_050);
    expect(await agesAt(0.5)).toBe(4_550);
    expect(await agesAt(1)).toBe(4_050);
  });
});

describe("[I11] a D1 that is down", () => {
  test("[I11] a caller that needs fresh settings gets none while D1 is down", async () => {
    const read = vi.fn(() => Promise.resolve(withMembers(3)));
    const cache = cacheOf(read, async () => withMembers(2));
    await cache.get();
    vi.advanceTimersByTime(5_001);
    read.mockImplementation(() => Promise.reject(new Error("down")));
    expect(await cache.fresh()).toBeUndefined();
    read.mockImplementation(() => Promise.resolve(withMembers(4)));
    expect((await cache.fresh())?.limits.members).toBe(4);
  });

  test("[I11] the defaults apply while D1 is down from the start, which is tried once a second", async () => {
    const read = vi.fn(() => Promise.reject<Settings>(new Error("down")));
    const cache = cacheOf(read);
    expect(await cache.get()).toEqual(defaults);
    vi.advanceTimersByTime(999);
    expect(await cache.get()).toEqual(defaults);
    expect(read).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(await cache.get()).toEqual(defaults);
    expect(read).toHaveBeenCalledTimes(2);
    expect(cache.peek()).toBeUndefined();
  });

  test("[I11] the last known settings apply while D1 is down, and new ones after it is back", async () => {
    const read = vi.fn(async () => withMembers(1));
    const cache = cacheOf(read);
    await cache.get();
    vi.advanceTimersByTime(6_000);
    read.mockRejectedValueOnce(new Error("down"));
    expect((await cache.get()).limits.members).toBe(1);
    vi.advanceTimersByTime(1_000);
    read.mockResolvedValueOnce(withMembers(2));
    expect((await cache.get()).limits.members).toBe(2);
  });

  test("[I11] settings that D1 does not return delay each caller by at most 2 s, and leave no timer", async () => {
    const read = vi.fn(() => new Promise<Settings>(() => {}));
    const cache = cacheOf(read);
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

  test("[I11] reading settings leaves no timer after a response", async () => {
    const cache = cacheOf(async () => withMembers(1));
    await cache.get();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("[I11] the copy kept for when D1 is down", () => {
  const down = () => Promise.reject<Settings>(new Error("down"));

  test("[I11] the copy of settings applies if no others are known", async () => {
    const cache = cacheOf(down, async () => withMembers(5));
    expect(await cache.get()).toEqual(withMembers(5));
    expect(cache.last).toEqual(withMembers(5));
    expect(cache.peek()).toBeUndefined();
  });

  test("[I11] the copy of settings applies before settings that were read earlier", async () => {
    const read = vi.fn(async () => withMembers(1));
    const cache = cacheOf(read, async () => withMembers(5));
    await cache.get();
    vi.advanceTimersByTime(5_001);
    read.mockImplementation(down);
    expect(await cache.get()).toEqual(withMembers(5));
    vi.advanceTimersByTime(1_000);
    read.mockImplementation(async () => withMembers(2));
    expect(await cache.get()).toEqual(withMembers(2));
  });

  test("[I11] the copy of settings is never read while D1 works", async () => {
    const kept = vi.fn(async () => withMembers(5));
    const cache = cacheOf(async () => withMembers(1), kept);
    for (let minute = 0; minute < 3; minute++) {
      await cache.get();
      vi.advanceTimersByTime(60_000);
    }
    expect(kept).not.toHaveBeenCalled();
  });

  test("[I11] the copy of settings does not undo a change that was stored during its read", async () => {
    const { promise, resolve } = Promise.withResolvers<Settings>();
    const cache = cacheOf(down, () => promise);
    const reading = cache.get();
    await vi.advanceTimersByTimeAsync(0);
    cache.set(withMembers(9));
    resolve(withMembers(5));
    expect(await reading).toEqual(withMembers(9));
    expect(cache.peek()).toEqual(withMembers(9));
  });

  test("[I11] every caller waits for the copy of settings if none are known", async () => {
    const { promise, resolve } = Promise.withResolvers<Settings>();
    const cache = cacheOf(down, () => promise);
    const first = cache.get();
    await vi.advanceTimersByTimeAsync(0);
    const second = cache.get();
    resolve(withMembers(5));
    expect(await first).toEqual(withMembers(5));
    expect(await second).toEqual(withMembers(5));
  });

  test("[I11] a copy of settings that fails too takes 1 s more, and then the known settings apply", async () => {
    const cache = cacheOf(down, () => new Promise(() => {}));
    const reading = cache.get();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await reading).toEqual(defaults);
    expect(vi.getTimerCount()).toBe(0);
  });
});
