import { expect, test } from "vitest";
import { merge } from "../../../src/settings/merge.ts";

test.each([
  [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }],
  [{ a: 1 }, { a: 2 }, { a: 2 }],
  [{ a: 1, b: 2 }, { a: null }, { b: 2 }],
  [{ a: { b: 1, c: 2 } }, { a: { b: null, d: 3 } }, { a: { c: 2, d: 3 } }],
  [{ a: 1 }, { a: { b: 2, c: null } }, { a: { b: 2 } }],
  [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
  [{ a: { b: 1 } }, { a: 5 }, { a: 5 }],
  [[1], { a: 1 }, { a: 1 }],
])("%j after the merge patch %j is %j (RFC 7396)", (target, patch, expected) => {
  const before = structuredClone(target);
  expect(merge(target, patch)).toEqual(expected);
  expect(target).toEqual(before);
});

test("[P-11] a patch replaces a static text as a whole", () => {
  const before = { push: { static: { alert: "news", badge: 1 }, allowClientPush: true } };
  const after = merge(before, { push: { static: { title: "Parley" } } });
  expect(after).toEqual({ push: { static: { title: "Parley" }, allowClientPush: true } });
});
