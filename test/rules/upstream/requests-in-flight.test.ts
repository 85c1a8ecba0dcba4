import { expect, test } from "vitest";
import { RequestsInFlight } from "../../../src/upstream/requests-in-flight.ts";

test("one address holds no more places than its own, and all addresses no more than there are", () => {
  const flight = new RequestsInFlight({ all: 4, ofOneAddress: 2 });
  const toms = [flight.enter("tom", 0, 10), flight.enter("tom", 0, 10)];
  expect(flight.enter("tom", 0, 10)).toBeUndefined();
  expect(flight.enter("jerry", 0, 10)).toBeDefined();
  expect(flight.enter(undefined, 0, 10)).toBeDefined();
  expect(flight.enter("spike", 0, 10)).toBeUndefined();
  toms[0]?.leave();
  expect(flight.enter("tom", 0, 10)).toBeDefined();
});

test("a place of a request that ended without a word is free after its time, and not before", () => {
  const flight = new RequestsInFlight({ all: 1, ofOneAddress: 1 });
  const place = flight.enter("tom", 0, 10);
  place?.keepUntil(20);
  expect(flight.enter("jerry", 19, 29)).toBeUndefined();
  expect(flight.enter("jerry", 20, 30)).toBeDefined();
  place?.leave();
  expect(flight.size).toBe(1);
});

test("clients that cannot be told apart have no limit of their own", () => {
  const flight = new RequestsInFlight({ all: 10, ofOneAddress: 1 });
  for (let each = 0; each < 10; each++) expect(flight.enter(undefined, 0, 10)).toBeDefined();
});
