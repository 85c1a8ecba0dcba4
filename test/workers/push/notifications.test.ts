import { beforeEach, describe, expect, test } from "vitest";
import {
  addCounts,
  addNotification,
  dropNotificationsBefore,
  listNotifications,
  type NewNotification,
  readNotification,
  removeNotification,
  removeUnsentNotification,
  settleNotification,
} from "../../../src/database/notifications.ts";
import { WatchedDatabase } from "../database/database.ts";
import { database } from "../support/world.ts";

/** Records of notifications (N-11). */

const NOON = Date.UTC(2026, 10, 25, 12);
const DAY = 24 * 60 * 60_000;

let db: D1Database;
beforeEach(async () => {
  db = await database();
  await db.exec("DELETE FROM notifications");
});

const launch = (more: Partial<NewNotification> = {}): NewNotification => ({
  id: "launch",
  status: "in-queue",
  data: { alert: "Cheese" },
  where: { channels: { $in: ["Jerry"] } },
  environment: "prod",
  pushAt: NOON,
  expiresAt: NOON + 7 * DAY,
  createdAt: NOON,
  ...more,
});

const added = async (more: Partial<NewNotification> = {}) => addNotification(db, launch(more));
const ids = async () => (await listNotifications(db, { limit: 100, skip: 0 })).map(({ id }) => id);

describe("[N-11] a record", () => {
  test("[N-11] a new record shows the request and no results", async () => {
    await added();
    expect(await readNotification(db, "launch")).toEqual({
      ...launch(),
      devices: 0,
      successes: 0,
      providers: {},
      invalidTokens: 0,
      errors: 0,
      lastError: undefined,
    });
    await added({ id: "all", where: undefined });
    expect((await readNotification(db, "all"))?.where).toBeUndefined();
    expect(await readNotification(db, "nothing")).toBeUndefined();
  });

  test("[N-11] a record counts results in total and by provider, and keeps the last error", async () => {
    await added();
    await addCounts(db, "launch", { devices: 10 });
    await addCounts(db, "launch", { sent: { apns: 3, fcm: 1 }, gone: 1, failed: 1, lastError: "BadTopic" });
    await addCounts(db, "launch", { sent: { apns: 2, webPush: 1 }, failed: 1 });
    await addCounts(db, "launch", { gone: 1, lastError: undefined });
    expect(await readNotification(db, "launch")).toMatchObject({
      devices: 10,
      successes: 7,
      providers: { apns: 5, fcm: 1, webPush: 1 },
      invalidTokens: 2,
      errors: 2,
      lastError: "BadTopic",
    });
  });

  test("[N-11] a record counts all concurrent results", async () => {
    await added();
    const many = Array.from({ length: 50 }, (_, at) =>
      addCounts(db, "launch", { devices: 1, sent: at % 2 === 0 ? { apns: 1 } : { webhook: 2 } }),
    );
    await Promise.all(many);
    expect(await readNotification(db, "launch")).toMatchObject({
      devices: 50,
      successes: 75,
      providers: { apns: 25, webhook: 50 },
    });
  });

  test("[N-11] a record has a status, and a reason if it failed", async () => {
    await added({ status: "scheduled" });
    for (const status of ["in-queue", "done"] as const) {
      await settleNotification(db, "launch", { status });
      expect((await readNotification(db, "launch"))?.status).toBe(status);
    }
    await settleNotification(db, "launch", { status: "failed", why: "too late" });
    expect(await readNotification(db, "launch")).toMatchObject({ status: "failed", lastError: "too late" });
    await settleNotification(db, "nothing", { status: "done" });
    expect(await ids()).toEqual(["launch"]);
  });

  test("[N-11] records are listed newest first, page by page", async () => {
    for (const [at, id] of ["a", "b", "c", "d"].entries()) await added({ id, createdAt: NOON + at });
    expect(await ids()).toEqual(["d", "c", "b", "a"]);
    const page = await listNotifications(db, { limit: 2, skip: 1 });
    expect(page.map(({ id }) => id)).toEqual(["c", "b"]);
  });

  test("[N-11] a record can be deleted, and that of a canceled notification only if it has counted nothing", async () => {
    for (const id of ["a", "b", "c"]) await added({ id, status: "scheduled" });
    await removeNotification(db, "a");
    await removeUnsentNotification(db, "b");
    await addCounts(db, "c", { devices: 1 });
    await removeUnsentNotification(db, "c");
    await added({ id: "d" });
    await removeUnsentNotification(db, "d");
    expect(await ids()).toEqual(["d", "c"]);
  });

  test("[N-11] a record is kept for 7 days, and that of a scheduled notification until 7 days after its time", async () => {
    const before = NOON - 7 * DAY;
    await added({ id: "old", createdAt: before - 1, pushAt: before - 1 });
    await added({ id: "recent", createdAt: before, pushAt: before });
    await added({ id: "scheduled", createdAt: before - 1, pushAt: NOON + DAY });
    await dropNotificationsBefore(db, before);
    expect((await ids()).toSorted()).toEqual(["recent", "scheduled"]);
  });

  test("[N-11] any number of old records is deleted", async () => {
    const rows = JSON.stringify(Array.from({ length: 5_001 }, (_, at) => at));
    await added();
    await db
      .prepare(
        "INSERT INTO notifications SELECT 'n' || value, status, data, \"where\", environment, 0, 0, 0, devices, " +
          "successes, providers, invalid_tokens, errors, last_error FROM notifications, json_each(?)",
      )
      .bind(rows)
      .run();
    await dropNotificationsBefore(db, NOON);
    expect(await ids()).toEqual(["launch"]);
  });

  test("[N-11] records are found by the index on time, in lists and for deletion", async () => {
    const watched = new WatchedDatabase(db);
    await listNotifications(watched, { limit: 10, skip: 0 });
    expect((await watched.plans()).join()).toContain("notifications_by_time");
    const dropping = new WatchedDatabase(db);
    await dropNotificationsBefore(dropping, NOON);
    expect((await dropping.plans()).join()).toContain("notifications_by_time");
  });
});

describe("[N-06] a notification under an id that is known", () => {
  test("[N-06] a notification under a known id is counted in the first one's record, which lives as long as the later of them", async () => {
    await added({ createdAt: NOON - 8 * DAY, pushAt: NOON - 8 * DAY, expiresAt: NOON - DAY });
    await addCounts(db, "launch", { devices: 3, sent: { apns: 3 } });
    await settleNotification(db, "launch", { status: "done" });
    await added({ data: { alert: "More cheese" }, where: undefined });
    expect(await readNotification(db, "launch")).toMatchObject({
      data: { alert: "Cheese" },
      where: { channels: { $in: ["Jerry"] } },
      createdAt: NOON - 8 * DAY,
      status: "in-queue",
      pushAt: NOON,
      expiresAt: NOON + 7 * DAY,
      devices: 3,
      successes: 3,
      providers: { apns: 3 },
    });
    await dropNotificationsBefore(db, NOON - 7 * DAY);
    expect(await ids()).toEqual(["launch"]);
  });

  test("[N-06] a record whose first notification is scheduled later than the second keeps its own time", async () => {
    await added({ status: "scheduled", pushAt: NOON + DAY, expiresAt: NOON + 8 * DAY });
    await added();
    expect(await readNotification(db, "launch")).toMatchObject({
      pushAt: NOON + DAY,
      expiresAt: NOON + 8 * DAY,
    });
  });
});

test("[P-14] counting creates no record for a push of a message or a deleted notification", async () => {
  await addCounts(db, "a-message", { devices: 1, sent: { apns: 1 }, failed: 1, lastError: "no" });
  expect(await ids()).toEqual([]);
});
