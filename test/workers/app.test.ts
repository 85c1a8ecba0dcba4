import { expect, test } from "vitest";
import { maybeHibernate, world } from "./support/world.ts";

/** What the app's object answers, and what of it survives hibernation. */

// Not the object of the app itself, which clients of other files may still report to.
const app = world.APP.getByName("another app");

test("the counts of clients online now and today survive hibernation", async () => {
  await app.presenceChanged([
    { clientId: "tom", online: true },
    { clientId: "jerry", online: true },
  ]);
  await maybeHibernate();
  await app.presenceChanged([{ clientId: "jerry", online: false }]);
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
