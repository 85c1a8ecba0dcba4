import * as fc from "fast-check";
import { expect, test } from "vitest";
import { firstMerged } from "../../../../src/database/messages/merge.ts";

/** Entries of several ordered sources come in one order, read in portions. */

const numbers = (one: number, other: number) => one - other;

test("the first entries of any sources are the first of one sorted list, with at most twice as many in memory", async () => {
  const property = fc.asyncProperty(
    fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { maxLength: 60 }), {
      minLength: 1,
      maxLength: 6,
    }),
    fc.integer({ min: 1, max: 100 }),
    async (lists, limit) => {
      let read = 0;
      const sources = lists.map((list) => {
        const ordered = list.toSorted(numbers);
        return async (last: number | undefined, most: number) => {
          const next = ordered.filter((each) => last === undefined || each > last).slice(0, most);
          read += next.length;
          return next;
        };
      });
      const merged = await firstMerged(sources, limit, numbers);
      expect(merged).toEqual(lists.flat().toSorted(numbers).slice(0, limit));
      expect(read).toBeLessThanOrEqual(2 * limit + lists.length);
    },
  );
  await fc.assert(property);
});

test("a source that fails fails the whole, in its first portion or a later one", async () => {
  const fine = async () => [1, 2, 3];
  await expect(firstMerged([fine, () => Promise.reject(new Error("down"))], 6, numbers)).rejects.toThrow(
    "down",
  );
  const later = (last: number | undefined) =>
    last === undefined ? Promise.resolve([1, 2]) : Promise.reject(new Error("down"));
  await expect(firstMerged([later, async () => [5, 6]], 4, numbers)).rejects.toThrow("down");
});
