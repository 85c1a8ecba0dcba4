import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KeywordFilter } from "../../../src/moderation/keyword-filter.ts";

const lists: Record<string, string[]> = { cheeses: ["cheese"], milks: ["milk"] };
const stored = async (version: string) => lists[version];

/** What a version's words make of a sentence that has all of them. */
const SAID = "cheese and milk";
const CHEESE = "*** and milk";
const MILK = "cheese and ***";
const filteredBy = async (filter: KeywordFilter, version: string | null) =>
  (await filter.get(version))?.mask(SAID);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("[X-33] the word list", () => {
  test("[X-33] the word list is read once for each version, and its search index is built once", async () => {
    const read = vi.fn(stored);
    const filter = new KeywordFilter(read);
    const list = await filter.get("cheeses");
    expect(list?.mask(SAID)).toBe(CHEESE);
    vi.advanceTimersByTime(60 * 60 * 1000);
    expect(await filter.get("cheeses")).toBe(list);
    expect(read).toHaveBeenCalledTimes(1);
    expect(await filteredBy(filter, "milks")).toBe(MILK);
    expect(read).toHaveBeenCalledTimes(2);
  });

  test("[X-33] without a word list nothing is filtered or read", async () => {
    const read = vi.fn(stored);
    expect(await filteredBy(new KeywordFilter(read), null)).toBeUndefined();
    expect(read).not.toHaveBeenCalled();
  });

  test("[X-33] the word list no longer filters after its removal", async () => {
    const filter = new KeywordFilter(stored);
    await filter.get("cheeses");
    await filter.get(null);
    expect(await filteredBy(filter, "unknown")).toBeUndefined();
  });

  test("[X-33] the word list stays in force for other callers while one caller reads a new one", async () => {
    const { promise, resolve } = Promise.withResolvers<string[]>();
    const read = vi.fn(stored);
    const filter = new KeywordFilter(read);
    await filter.get("cheeses");
    read.mockImplementationOnce(() => promise);
    const reader = filteredBy(filter, "milks");
    expect(await filteredBy(filter, "milks")).toBe(CHEESE);
    resolve(["milk"]);
    expect(await reader).toBe(MILK);
    expect(await filteredBy(filter, "milks")).toBe(MILK);
    expect(read).toHaveBeenCalledTimes(2);
  });

  test("[X-33] the word list is read by each caller until the first read is done", async () => {
    const reads = [Promise.withResolvers<string[]>(), Promise.withResolvers<string[]>()];
    let next = 0;
    const filter = new KeywordFilter(() => reads[next++]?.promise ?? Promise.reject(new Error("once more")));
    const [first, second] = [filter.get("cheeses"), filter.get("cheeses")];
    reads[1]?.resolve(["cheese"]);
    expect((await second)?.mask(SAID)).toBe(CHEESE);
    reads[0]?.resolve(["cheese"]);
    expect(await first).toBe(await second);
  });
});

describe("[I11] a list that cannot be read", () => {
  test("[I11] a word list that cannot be read leaves the last one in force, and is tried once a second", async () => {
    const read = vi.fn(stored);
    const filter = new KeywordFilter(read);
    await filter.get("cheeses");
    read.mockRejectedValueOnce(new Error("down"));
    expect(await filteredBy(filter, "milks")).toBe(CHEESE);
    expect(console.error).toHaveBeenCalledWith(expect.stringContaining("keywords"), "Error: down");
    vi.advanceTimersByTime(999);
    expect(await filteredBy(filter, "milks")).toBe(CHEESE);
    expect(read).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1);
    expect(await filteredBy(filter, "milks")).toBe(MILK);
  });

  test("[I11] a first word list that cannot be read filters nothing, and is logged", async () => {
    const filter = new KeywordFilter(stored);
    expect(await filteredBy(filter, "unknown")).toBeUndefined();
    expect(console.error).toHaveBeenCalledWith(
      expect.stringContaining("nothing is filtered"),
      expect.anything(),
    );
  });

  test("[I11] a word list that D1 does not return delays a message by at most 2 s, and leaves no timer", async () => {
    const filter = new KeywordFilter(() => new Promise(() => {}));
    const reading = filter.get("cheeses");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await reading).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});
