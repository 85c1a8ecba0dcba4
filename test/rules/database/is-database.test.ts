import { expect, test } from "vitest";
import { isDatabase } from "../../../src/database/is-database.ts";

test("a binding of a service, which has every name, is taken for no database", () => {
  const service = new Proxy({}, { has: () => true, get: () => () => Promise.resolve() });
  expect([{ prepare: () => {}, batch: () => {} }, service, {}, null, "text"].map(isDatabase)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
