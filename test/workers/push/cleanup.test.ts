import { createScheduledController } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { addNotification } from "../../../src/database/notifications.ts";
import worker from "../../../src/index.ts";
import { pushesOf } from "../../../src/push/push-stub.ts";
import { breakTable, repair } from "../support/d1.ts";
import { inTime, PUSH, pushedLater, setUpPush, waiting, waitingOf } from "../support/push.ts";
import { done } from "../support/rest.ts";
import { configure, openWorld, world } from "../support/world.ts";

/** What is done once a day. */

const DAY = 24 * 60 * 60_000;

beforeAll(async () => {
  await openWorld();
  await setUpPush();
});
beforeEach(() => world.DB.exec("DELETE FROM notifications; DELETE FROM installations"));
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
});

const day = () => worker.scheduled(createScheduledController(), world);

async function ids(table: "notifications" | "installations"): Promise<string[]> {
  const { results } = await world.DB.prepare(`SELECT id FROM ${table} ORDER BY id`).all<{ id: string }>();
  return results.map(({ id }) => id);
}

const notification = (id: string, at: number) =>
  addNotification(world.DB, {
    id,
    status: "in-queue",
    data: {},
    where: undefined,
    environment: "prod",
    pushAt: at,
    expiresAt: at + 7 * DAY,
    createdAt: at,
  });

const installation = (id: string, updatedAt: number) =>
  world.DB.prepare(
    "INSERT INTO installations (id, device_type, device_token, channels, valid, badge, fields, created_at, updated_at) " +
      "VALUES (?1, 'ios', ?1, '[]', 1, 0, '{}', 0, ?2)",
  )
    .bind(id, updatedAt)
    .run();

test("[N-11] records of notifications are deleted after 7 days", async () => {
  await notification("old", Date.now() - 7 * DAY - 1_000);
  await notification("new", Date.now() - 7 * DAY + 60_000);
  await day();
  expect(await ids("notifications")).toEqual(["new"]);
});

test("[N-02] installations are deleted after 90 days without use", async () => {
  await installation("idle", Date.now() - 90 * DAY - 1_000);
  await installation("quiet", Date.now() - 90 * DAY + 60_000);
  await day();
  expect(await ids("installations")).toEqual(["quiet"]);
});

test("[N-06] a scheduled notification is kept until its time, however old its request is", async () => {
  const { objectId } = await pushedLater({ push_time: inTime(30 * DAY) });
  vi.spyOn(Date, "now").mockReturnValue(Date.now() + 20 * DAY);
  await day();
  expect(await ids("notifications")).toEqual([objectId]);
  expect(await waitingOf(objectId)).toHaveLength(1);
});

test("a notification that expired on its way to the queue is removed", async () => {
  const { objectId } = await pushedLater({});
  const { number, push } = await waiting(objectId);
  vi.spyOn(Date, "now").mockReturnValue(push.expiresAt);
  await day();
  expect(await pushesOf(world).notification(number)).toBeUndefined();
});

test("[I11] a cleanup that fails does not stop the others, and runs again the next day", async () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => {});
  await notification("old", Date.now() - 8 * DAY);
  await installation("idle", Date.now() - 91 * DAY);
  await breakTable("notifications");
  await day();
  await repair();
  expect(told).toHaveBeenCalledWith(expect.stringContaining("records of notifications"), expect.anything());
  expect([await ids("notifications"), await ids("installations")]).toEqual([["old"], []]);
  await day();
  expect(await ids("notifications")).toEqual([]);
});

test("the cleanup does not touch rows that are in use", async () => {
  const { objectId } = await done<{ objectId: string }>("POST", PUSH, { data: "Cheese" });
  await day();
  expect(await ids("notifications")).toEqual([objectId]);
});

test("messages older than history.archiveDays leave D1 each day, and with off all that it has if the owner says so", async () => {
  const now = Date.now();
  const say = (at: number) =>
    world.DB.prepare(
      "INSERT INTO messages (bucket, timestamp, conversation_id, id, sender, content, mention_all, mentions, receipt, recalled) " +
        "VALUES (0, ?1, 'chat', 'm' || ?1, 'Tom', '', 0, '[]', 0, 0)",
    )
      .bind(at)
      .run();
  const left = () => world.DB.prepare("SELECT count(*) AS n FROM messages").first<number>("n");
  for (const at of [now - 31 * DAY, now - 30 * DAY - 1, now - 29 * DAY, now - 1_000]) await say(at);
  await day();
  expect(await left()).toBe(4);
  await configure({ history: { archive: "days", archiveDays: 30 } });
  await day();
  expect(await left()).toBe(2);
  await configure({ history: { archive: "off" } });
  await day();
  expect(await left()).toBe(2);
  await configure({ history: { deleteArchived: true } });
  await day();
  expect(await left()).toBe(0);
  await configure({ history: null });
});
