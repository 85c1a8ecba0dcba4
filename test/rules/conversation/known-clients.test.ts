import { expect, test, vi } from "vitest";
import { CLIENTS_REMEMBERED, WOKEN_WITHOUT_INDEX } from "../../../src/bounds.ts";
import { ClientsMet, KnownClients } from "../../../src/conversation/known-clients.ts";

/** D1 with some clients that logged in, and a clock. */
function world(...loggedIn: string[]) {
  const those = new Set(loggedIn);
  const asked = vi.fn(async (ids: string[]) => ids.filter((id) => those.has(id)));
  const clock = { now: 1_000_000 };
  return { asked, clock, known: new KnownClients(asked, new ClientsMet(), () => clock.now) };
}

test("clients asked about in one turn are looked up together", async () => {
  const { asked, known } = world("tom", "jerry");
  const names = ["tom", "nobody", "jerry"];
  expect(await Promise.all(names.map((name) => known.mayHaveLoggedIn(name)))).toEqual([true, false, true]);
  expect(asked.mock.calls).toEqual([[names]]);
});

test("who logged in is looked up once, who did not each time, since they may log in", async () => {
  const { asked, known } = world("tom");
  for (const _ of [1, 2]) {
    expect(await known.mayHaveLoggedIn("tom")).toBe(true);
    expect(await known.mayHaveLoggedIn("nobody")).toBe(false);
  }
  expect(asked.mock.calls).toEqual([[["tom"]], [["nobody"]], [["nobody"]]]);
  expect([known.has("tom"), known.has("nobody")]).toEqual([true, false]);
});

test("[I11] while D1 fails, everybody may have logged in, and it is asked once a second", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const { asked, known, clock } = world();
  asked.mockRejectedValue(new Error("D1 is down"));
  for (const id of ["a", "b", "c"]) expect(await known.mayHaveLoggedIn(id)).toBe(true);
  expect(asked).toHaveBeenCalledTimes(1);
  clock.now += 1_000;
  expect(await known.mayHaveLoggedIn("d")).toBe(true);
  expect(asked).toHaveBeenCalledTimes(2);
});

test("[I13] of very many clients those met first are forgotten first", async () => {
  const names = Array.from({ length: CLIENTS_REMEMBERED + 1 }, (_, at) => `x${at}`);
  const { known } = world(...names);
  await Promise.all(names.map((name) => known.mayHaveLoggedIn(name)));
  expect([known.has("x0"), known.has("x1")]).toEqual([false, true]);
});

test("[I13] but not without end: then nobody's object is woken, whoever is known here excepted", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const { asked, known, clock } = world("tom");
  expect(await known.mayHaveLoggedIn("tom")).toBe(true);
  asked.mockRejectedValue(new Error("D1 is down"));
  const many = Array.from({ length: WOKEN_WITHOUT_INDEX }, (_, at) => `x${at}`);
  expect(new Set(await Promise.all(many.map((id) => known.mayHaveLoggedIn(id))))).toEqual(new Set([true]));
  await expect(known.mayHaveLoggedIn("one more")).rejects.toThrow();
  expect(await known.mayHaveLoggedIn("tom")).toBe(true);
  clock.now += 60_000;
  expect(await known.mayHaveLoggedIn("one more")).toBe(true);
});
