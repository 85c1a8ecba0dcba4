import { expect, test } from "vitest";
import { Quotas } from "../../../src/app/quotas.ts";

const MINUTE = 60_000;

test("[L-10] a quota is used up, and is whole again a minute after it was first touched", () => {
  const quotas = new Quotas();
  const spend = (now: number) => quotas.spend("rest", 2, 1, now);
  expect(spend(1_000)).toBeUndefined();
  expect(spend(31_000)).toBeUndefined();
  expect(spend(31_000)).toEqual({ retryAfter: 30 });
  expect(spend(60_999)).toEqual({ retryAfter: 1 });
  expect(spend(61_000)).toBeUndefined();
});

test("[L-10] a request for more than is left of a quota takes none of it", () => {
  const quotas = new Quotas();
  expect(quotas.spend("rest", 10, 8, 0)).toBeUndefined();
  expect(quotas.spend("rest", 10, 3, 0)).toEqual({ retryAfter: 60 });
  expect(quotas.spend("rest", 10, 2, 0)).toBeUndefined();
});

test("[L-10] quotas are counted separately, and 0 is unlimited", () => {
  const quotas = new Quotas();
  expect(quotas.spend("rest", 1, 1, 0)).toBeUndefined();
  expect(quotas.spend("broadcast", 1, 1, 0)).toBeUndefined();
  for (let call = 0; call < 5; call++) expect(quotas.spend("rest", 0, 1_000, 0)).toBeUndefined();
  expect(quotas.spend("rest", 1, 1, MINUTE - 1)).toEqual({ retryAfter: 1 });
});
