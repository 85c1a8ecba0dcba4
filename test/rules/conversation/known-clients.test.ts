import { expect, test, vi } from "vitest";
import { CLIENTS_REMEMBERED, WOKEN_WITHOUT_INDEX } from "../../../src/bounds.ts";
import { KnownClients, SeenClients } from "../../../src/conversation/known-clients.ts";

/** D1 with some clients that have logged in, and a clock. */
function setUp(...loggedIn: string[]) {
  const those = new Set(loggedIn);
  const asked = vi.fn(async (ids: string[]) => ids.filter((id) => those.has(id)));
  const clock = { now: 1_000_000 };
  return { asked, clock, known: new KnownClients(asked, new SeenClients(), () => clock.now) };
}

test("clients asked about in the same turn are looked up in one query", async () => {
  const { asked, known } = setUp("tom", "jerry");
  const names = ["tom", "nobody", "jerry"];
  expect(await Promise.all(names.map((name) => known.mayHaveLoggedIn(name)))).toEqual([true, false, true]);
  expect(asked.mock.calls).toEqual([[names]]);
});

test("a client that logged in is looked up once, and one that did not is looked up each time", async () => {
  const { asked, known } = setUp("tom");
  for (const _ of [1, 2]) {
    expect(await known.mayHaveLoggedIn("tom")).toBe(true);
    expect(await known.mayHaveLoggedIn("nobody")).toBe(false);
  }
  expect(asked.mock.calls).toEqual([[["tom"]], [["nobody"]], [["nobody"]]]);
  expect([known.has("tom"), known.has("nobody")]).toEqual([true, false]);
});

test("[I11] every client may have logged in while D1 fails, and D1 is asked once a second", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const { asked, known, clock } = setUp();
  asked.mockRejectedValue(new Error("D1 is down"));
  for (const id of ["a", "b", "c"]) expect(await known.mayHaveLoggedIn(id)).toBe(true);
  expect(asked).toHaveBeenCalledTimes(1);
  clock.now += 1_000;
  expect(await known.mayHaveLoggedIn("d")).toBe(true);
  expect(asked).toHaveBeenCalledTimes(2);
});

test("[I13] the oldest of very many known clients are forgotten first", async () => {
  const names = Array.from({ length: CLIENTS_REMEMBERED + 1 }, (_, at) => `x${at}`);
  const { known } = setUp(...names);
  await Promise.all(names.map((name) => known.mayHaveLoggedIn(name)));
  expect([known.has("x0"), known.has("x1")]).toEqual([false, true]);
});

test("[I13] only a bounded number of unknown clients are woken while D1 fails", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const { asked, known, clock } = setUp("tom");
  expect(await known.mayHaveLoggedIn("tom")).toBe(true);
  asked.mockRejectedValue(new Error("D1 is down"));
  const many = Array.from({ length: WOKEN_WITHOUT_INDEX }, (_, at) => `x${at}`);
  expect(new Set(await Promise.all(many.map((id) => known.mayHaveLoggedIn(id))))).toEqual(new Set([true]));
  await expect(known.mayHaveLoggedIn("one more")).rejects.toThrow();
  expect(await known.mayHaveLoggedIn("tom")).toBe(true);
  clock.now += 60_000;
  expect(await known.mayHaveLoggedIn("one more")).toBe(true);
});
