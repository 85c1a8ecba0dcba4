import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { appOf } from "../../src/app/app.ts";
import type { AppStub } from "../../src/app/app-stub.ts";
import type { Objects } from "../../src/model/objects.ts";
import { maybeHibernate, world } from "./support/world.ts";

/** What the app's object answers, and what of it survives hibernation. */

// Not the object of the app itself, which clients of other files may still report to.
const shards: Objects<AppStub> = world.APP;
const app = shards.getByName("another app");

/** Clients of the first shard, which an object of any other name counts itself as. */
const [tom = "", jerry = ""] = Array.from({ length: 200 }, (_, at) => `client ${at}`).filter(
  (clientId) => appOf(world).shardOf(clientId) === 0,
);

test("the counts of clients online now and today survive hibernation", async () => {
  await app.presenceChanged([
    { clientId: tom, online: true },
    { clientId: jerry, online: true },
  ]);
  await maybeHibernate();
  await app.presenceChanged([{ clientId: jerry, online: false }]);
  await maybeHibernate();
  expect(await app.presence()).toEqual({ online: 1, today: 2 });
});

test("the list of conversations that D1 lags behind survives hibernation", async () => {
  const before = await app.archivedUntil();
  expect(before).toBeLessThanOrEqual(Date.now() - 15_000);
  await app.archiveBehind("a conversation", 1_000);
  await maybeHibernate();
  expect(await app.archivedUntil()).toBe(1_000);
  await app.archiveCaughtUp("a conversation");
  await maybeHibernate();
  expect(await app.archivedUntil()).toBeGreaterThanOrEqual(before);
});

test("the copy of the settings survives hibernation", async () => {
  await app.keepSettings('{"limits":{"members":7}}');
  await maybeHibernate();
  expect(await app.keptSettings()).toBe('{"limits":{"members":7}}');
});

test("[L-10] a refusal by a used-up quota names the time at which more is allowed", async () => {
  expect(await app.spend("rest", 2)).toBeUndefined();
  expect(await app.spend("rest", 2)).toBeUndefined();
  const refused = await app.spend("rest", 2);
  expect(refused?.retryAfter).toBeGreaterThan(0);
  expect(refused?.retryAfter).toBeLessThanOrEqual(60);
  expect(await app.spend("rest", 0, 100)).toBeUndefined();
});

test("a report that reaches the wrong shard, as from a version before, is handed on to the right one", async () => {
  const whole = appOf(world);
  const strays = Array.from({ length: 40 }, (_, at) => `stray ${at}`);
  const first = shards.getByName("app");
  await first.presenceChanged(strays.map((clientId) => ({ clientId, online: true })));
  await maybeHibernate();
  expect((await whole.onlineAmong(strays)).toSorted()).toEqual(strays.toSorted());
  expect((await whole.onlineAfter("stray", 100)).filter((id) => strays.includes(id))).toEqual(
    strays.toSorted(),
  );
  await first.presenceChanged(strays.map((clientId) => ({ clientId, online: false })));
  expect(await whole.onlineAmong(strays)).toEqual([]);
});

test("what the one object of an earlier version knew is on the shards a moment later, without being asked for", async () => {
  const clients = Array.from({ length: 700 }, (_, at) => `mover ${at}`);
  await runInDurableObject(world.APP.getByName("app"), (_, { storage }) => {
    for (const clientId of clients) storage.sql.exec("INSERT INTO presence VALUES (?, 1, 1)", clientId);
    storage.sql.exec("DELETE FROM facts WHERE name = 'shards'");
  });
  await evictDurableObject(world.APP.getByName("app"));
  const whole = appOf(world);
  // The first question wakes the first shard, which begins.
  await whole.presence();
  await expect
    .poll(async () => (await whole.onlineAmong(clients)).length, { timeout: 20_000 })
    .toBe(clients.length);
  await expect
    .poll(async () => {
      const moved = await shards.getByName("app-5").onlineAfter("mover", 1_000);
      return moved.length > 0 && moved.every((clientId) => whole.shardOf(clientId) === 5);
    })
    .toBe(true);
  expect((await whole.onlineAfter("mover", 1_000)).filter((id) => clients.includes(id))).toHaveLength(700);
});

test("a shard that does not answer is replaced by its last count, and fails pages and questions that need it", async () => {
  const gone = { is: false };
  const APP = {
    getByName: (name: string): AppStub => {
      if (!gone.is || name !== "app-3") return shards.getByName(name);
      return new Proxy(shards.getByName(name), { get: () => () => Promise.reject(new Error("gone")) });
    },
  };
  const whole = appOf({ APP });
  const before = await whole.presence();
  gone.is = true;
  vi.spyOn(console, "warn").mockImplementation(() => {});
  expect(await whole.presence()).toEqual(before);
  await expect(appOf({ APP: { getByName: APP.getByName } }).presence()).rejects.toThrow("gone");
  await expect(whole.onlineAfter("", 10)).rejects.toThrow("gone");
  await expect(whole.archivedUntil()).rejects.toThrow("gone");
});
