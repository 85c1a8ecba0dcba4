import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { addCounts, settleNotification } from "../../../src/database/notifications.ts";
import { ask, instead } from "../http/ask.ts";
import { breakTable, repair } from "../support/d1.ts";
import {
  HOUR,
  NOTIFICATIONS,
  PUSH,
  type PushAccepted,
  pushedLater,
  SCHEDULED,
  setUpPush,
  waiting,
  waitingOf,
} from "../support/push.ts";
import { done, outcome, rest } from "../support/rest.ts";
import { appKeys, http, masterKeys, openWorld, world } from "../support/world.ts";

/** What is kept of notifications, and those that wait for their time (http-api §10.2). */

beforeAll(async () => {
  await openWorld();
  await setUpPush();
});
beforeEach(() => world.DB.exec("DELETE FROM notifications"));
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
});

interface Record {
  objectId: string;
}
interface Scheduled {
  id: number;
  expire_time: number;
  push_msg: { id: string; msg: object; where: object; prod: string };
  createdAt: string;
}

const listed = async (query = "") =>
  (await done<{ results: Record[] }>("GET", `${NOTIFICATIONS}${query}`)).results.map(
    ({ objectId }) => objectId,
  );
const scheduled = async (id: string) =>
  (await done<{ results: Scheduled[] }>("GET", SCHEDULED)).results.filter(
    ({ push_msg }) => push_msg.id === id,
  );

describe("[N-11] the record of a notification", () => {
  test("[N-11] a record shows the request and its results under the names of the hosted service", async () => {
    const { objectId, createdAt } = await pushedLater({ channels: ["Jerry"], prod: "dev" });
    await addCounts(world.DB, objectId, { devices: 19, sent: { apns: 2, fcm: 1, webPush: 1, webhook: 3 } });
    const makers = { hms: 1, honor: 1, mi: 2, oppo: 1, vivo: 2, meizu: 3 };
    await addCounts(world.DB, objectId, { sent: makers });
    await addCounts(world.DB, objectId, { gone: 1, failed: 1, lastError: "BadTopic" });
    const { at } = await waiting(objectId);
    const record = {
      objectId,
      notificationId: objectId,
      msg: { alert: "Cheese" },
      status: "scheduled",
      devices: 19,
      successes: 17,
      iosSuccesses: 2,
      fcmSuccesses: 1,
      hmsSuccesses: 1,
      honorSuccesses: 1,
      miSuccesses: 2,
      oppoSuccesses: 1,
      vivoSuccesses: 2,
      meizuSuccesses: 3,
      webSuccesses: 1,
      webhookSuccesses: 3,
      invalidTokens: 1,
      errors: 1,
      errorMessage: "BadTopic",
      prod: "dev",
      where: { channels: { $in: ["Jerry"] } },
      "from-service": "push",
      "push-time": new Date(at).toISOString(),
      createdAt,
    };
    expect(await done("GET", `${NOTIFICATIONS}/${objectId}`)).toEqual(record);
    const byApp = await http(`/1.1/tables/Notifications/${objectId}`, { headers: appKeys });
    expect(await byApp.json()).toEqual(record);
    expect(await done("GET", NOTIFICATIONS)).toEqual({ results: [record] });
  });

  test("[N-11] a record shows that its notification is being sent until every device has a result, or it expired", async () => {
    const { objectId } = await pushedLater({});
    const status = async () => (await done<{ status: string }>("GET", `${NOTIFICATIONS}/${objectId}`)).status;
    await addCounts(world.DB, objectId, { devices: 3 });
    await settleNotification(world.DB, objectId, { status: "done" });
    expect(await status()).toBe("sending");
    await addCounts(world.DB, objectId, { sent: { apns: 1 }, gone: 1 });
    expect(await status()).toBe("sending");
    await addCounts(world.DB, objectId, { failed: 1, lastError: "BadTopic" });
    expect(await status()).toBe("done");
    await addCounts(world.DB, objectId, { devices: 1 });
    const { at } = await waiting(objectId);
    vi.spyOn(Date, "now").mockReturnValue(at + 8 * 24 * HOUR);
    expect(await status()).toBe("done");
  });

  test("[N-11] records are listed over HTTP newest first, page by page", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) {
      const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() + count * 1_000);
      ids.unshift((await pushedLater({})).objectId);
      clock.mockRestore();
    }
    expect(await listed()).toEqual(ids);
    expect(await listed("?limit=2&skip=1")).toEqual(ids.slice(1, 3));
    // Out of range is as good as not named (http-api §15.19).
    expect(await listed("?limit=0&skip=-1")).toEqual(ids);
    expect(await outcome(rest("GET", `${NOTIFICATIONS}?limit=x`))).toBe("400 1");
  });

  test("[N-11] a deleted record answers 404", async () => {
    const { objectId } = await done<PushAccepted>("POST", PUSH, { data: "Cheese" });
    expect(await done("DELETE", `${NOTIFICATIONS}/${objectId}`)).toEqual({});
    for (const path of [`${NOTIFICATIONS}/${objectId}`, `/1.1/tables/Notifications/${objectId}`]) {
      expect(await outcome(rest("GET", path))).toBe("404 404");
    }
    expect(await outcome(rest("DELETE", `${NOTIFICATIONS}/${objectId}`))).toBe("404 404");
    expect(await outcome(rest("GET", `${NOTIFICATIONS}/no such`))).toBe("400 1");
  });

  test("[N-11] deleting a record cancels all scheduled notifications that share it", async () => {
    const { objectId } = await pushedLater({ notification_id: "launch1" });
    await pushedLater({ notification_id: "launch1" });
    await done("DELETE", `${NOTIFICATIONS}/${objectId}`);
    expect(await waitingOf(objectId)).toEqual([]);
  });
});

describe("[N-12] scheduled notifications", () => {
  test("[N-12] scheduled notifications are listed with content and time, the next one first", async () => {
    const later = await pushedLater({ push_time: new Date(Date.now() + 3 * HOUR).toISOString() });
    const sooner = await pushedLater({ data: { alert: "Ham" }, channels: ["Spike"], prod: "dev" });
    const { at, number } = await waiting(sooner.objectId);
    expect(await scheduled(sooner.objectId)).toEqual([
      {
        id: number,
        expire_time: at,
        createdAt: sooner.createdAt,
        push_msg: {
          id: sooner.objectId,
          msg: { alert: "Ham" },
          prod: "dev",
          where: { channels: { $in: ["Spike"] } },
        },
      },
    ]);
    const { results } = await done<{ results: Scheduled[] }>("GET", SCHEDULED);
    const order = results.map(({ push_msg }) => push_msg.id);
    expect(order.indexOf(sooner.objectId)).toBeLessThan(order.indexOf(later.objectId));
  });

  test("[N-12] a scheduled notification is canceled by its number without a trace", async () => {
    const { objectId } = await pushedLater({});
    const { number } = await waiting(objectId);
    expect(await done("DELETE", `${SCHEDULED}/${number}`)).toEqual({});
    expect(await scheduled(objectId)).toEqual([]);
    expect(await listed()).toEqual([]);
    expect(await outcome(rest("DELETE", `${SCHEDULED}/${number}`))).toBe("404 404");
    expect(await outcome(rest("DELETE", `${SCHEDULED}/x`))).toBe("400 1");
  });

  test("[N-12] canceling a scheduled notification keeps the record for others that share it", async () => {
    await pushedLater({ notification_id: "launch2" });
    await pushedLater({ notification_id: "launch2" });
    const [first, second] = await waitingOf("launch2");
    await done("DELETE", `${SCHEDULED}/${first?.number}`);
    expect([await listed(), await waitingOf("launch2")]).toEqual([["launch2"], [second]]);
    await done("DELETE", `${SCHEDULED}/${second?.number}`);
    expect(await listed()).toEqual([]);
  });

  test("[N-12] a scheduled notification that was sent cannot be canceled by its number", async () => {
    const { objectId } = await pushedLater({});
    const { number, at } = await waiting(objectId);
    vi.spyOn(Date, "now").mockReturnValue(at + 1);
    expect(await scheduled(objectId)).toEqual([]);
    expect(await outcome(rest("DELETE", `${SCHEDULED}/${number}`))).toBe("404 404");
    expect(await listed()).toEqual([objectId]);
  });
});

describe("[I11] taking back", () => {
  test("[I11] a cancellation that fails in the middle can be repeated from the start", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { objectId } = await pushedLater({});
    const { number } = await waiting(objectId);
    await breakTable("notifications");
    expect(await outcome(rest("DELETE", `${SCHEDULED}/${number}`))).toBe("503 503");
    expect(await waitingOf(objectId)).toHaveLength(1);
    await repair();
    const PUSH = instead(world.PUSH, () => Promise.reject(new Error("the object is down")));
    const path = `http://parley.test${NOTIFICATIONS}/${objectId}`;
    const failed = ask(path, { method: "DELETE", headers: masterKeys, env: { PUSH } });
    expect(await outcome(failed)).toBe("503 503");
    expect(await listed()).toEqual([objectId]);
    expect(await done("DELETE", `${NOTIFICATIONS}/${objectId}`)).toEqual({});
    expect(await waitingOf(objectId)).toEqual([]);
  });
});
